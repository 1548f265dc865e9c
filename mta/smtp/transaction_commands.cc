// The command lines of a transaction.
#include "mta/smtp/transaction_commands.h"

#include <algorithm>

namespace mxpress::mta::smtp {
namespace {

using proto::Stage;

// RFC 2920 3.1: the client must not block in a write while the host blocks in its replies. No group is larger than the sockets' buffers.
constexpr std::size_t kMaxGroup = 16 * 1024;
constexpr std::size_t kUsualLine = 80;  // octets

void append_mailbox(std::string& line, const proto::Mailbox& mailbox) {
  line.append(mailbox.local_part()).append("@").append(mailbox.domain().text());
}

// RFC 3461 4.3, 4.4
std::string dsn_of_message(const proto::Envelope& envelope) {
  std::string parameters;
  if (envelope.ret == proto::Return::headers) parameters += " RET=HDRS";
  if (envelope.ret == proto::Return::full) parameters += " RET=FULL";
  if (!envelope.envid.empty()) parameters += " ENVID=" + envelope.envid;
  return parameters;
}

// RFC 3461 4.1
std::string notify_value(const proto::Notify& notify) {
  if (notify.never()) return "NEVER";
  std::string value;
  const auto add = [&value](std::string_view word) { value.append(value.empty() ? "" : ",").append(word); };
  if (notify.success) add("SUCCESS");
  if (notify.failure) add("FAILURE");
  if (notify.delay) add("DELAY");
  return value;
}

// RFC 3461 4.1, 4.2: both values are passed unchanged.
std::string dsn_of_recipient(const proto::Recipient& recipient) {
  std::string parameters;
  if (recipient.notify.given) parameters += " NOTIFY=" + notify_value(recipient.notify);
  if (!recipient.original_recipient.empty()) parameters += " ORCPT=" + recipient.original_recipient;
  return parameters;
}

void append_mail(const proto::Envelope& envelope, std::uint64_t size, proto::BodyType body, const proto::Extensions& extensions,
                 std::string& line) {
  line.append("MAIL FROM:<");
  if (!envelope.reverse_path.is_null()) append_mailbox(line, envelope.reverse_path.mailbox());
  line.append(">");
  if (extensions.size) line.append(" SIZE=").append(std::to_string(size));
  if (extensions.eight_bit_mime && body == proto::BodyType::eight_bit) line += " BODY=8BITMIME";
  if (extensions.dsn) line += dsn_of_message(envelope);
  if (envelope.tls == proto::TlsWish::require && extensions.require_tls) line += " REQUIRETLS";
  line.append("\r\n");
}

void append_rcpt(const proto::Recipient& recipient, const proto::Extensions& extensions, std::string& line) {
  line.append("RCPT TO:<");
  append_mailbox(line, recipient.mailbox);
  line.append(">");
  if (extensions.dsn) line += dsn_of_recipient(recipient);
  line.append("\r\n");
}

}  // namespace

std::uint64_t announced_size(std::uint64_t content, std::uint64_t most_of_signatures, const proto::Extensions& extensions) {
  const std::uint64_t most = content + most_of_signatures;
  const std::uint64_t limit = extensions.size_limit.value_or(0);
  return limit == 0 ? most : std::max(content, std::min(most, limit));
}

void EnvelopeCommands::reserve(std::size_t recipients) {
  commands_.reserve(recipients + 3);
  text_.reserve(kUsualLine * (recipients + 1));
}

void EnvelopeCommands::add(EnvelopeCommand command) {
  command.end = text_.size();
  commands_.push_back(command);
}

void EnvelopeCommands::add_reset() {
  text_ += "RSET\r\n";
  add({.stage = Stage::mail, .is_reset = true});
}

void EnvelopeCommands::add_mail(const proto::Envelope& envelope, std::uint64_t size, proto::BodyType body,
                                const proto::Extensions& extensions) {
  append_mail(envelope, size, body, extensions, text_);
  add({.stage = Stage::mail});
}

void EnvelopeCommands::add_rcpt(std::size_t position, const proto::Recipient& recipient, const proto::Extensions& extensions) {
  append_rcpt(recipient, extensions, text_);
  add({.stage = Stage::rcpt, .recipient = position});
}

void EnvelopeCommands::add_data() {
  text_ += "DATA\r\n";
  add({.stage = Stage::data});
}

std::string_view EnvelopeCommands::lines(std::size_t begin, std::size_t end) const {
  const std::size_t from = begin == 0 ? 0 : commands_[begin - 1].end;
  return std::string_view(text_).substr(from, commands_[end - 1].end - from);
}

std::size_t EnvelopeCommands::group_end(std::size_t begin, bool pipelining) const {
  std::size_t end = begin + 1;
  if (!pipelining) return end;
  while (end < commands_.size() && lines(begin, end + 1).size() <= kMaxGroup) ++end;
  return end;
}

}  // namespace mxpress::mta::smtp
