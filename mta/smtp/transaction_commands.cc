// The command lines of a transaction.
#include "mta/smtp/transaction_commands.h"

namespace mxpress::mta::smtp {
namespace {

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

// RFC 3461 4.1, 4.2: both values travel unchanged.
std::string dsn_of_recipient(const proto::Recipient& recipient) {
  std::string parameters;
  if (recipient.notify.given) parameters += " NOTIFY=" + notify_value(recipient.notify);
  if (!recipient.original_recipient.empty()) parameters += " ORCPT=" + recipient.original_recipient;
  return parameters;
}

}  // namespace

void append_mail(const proto::Envelope& envelope, std::uint64_t size, proto::BodyType body, const proto::Extensions& extensions,
                 std::string& line) {
  line.append("MAIL FROM:<");
  if (!envelope.reverse_path.is_null()) append_mailbox(line, envelope.reverse_path.mailbox());
  line.append(">");
  if (extensions.size) line.append(" SIZE=").append(std::to_string(size));
  if (extensions.eight_bit_mime && body == proto::BodyType::eight_bit) line += " BODY=8BITMIME";
  if (extensions.dsn) line += dsn_of_message(envelope);
  line.append("\r\n");
}

void append_rcpt(const proto::Recipient& recipient, const proto::Extensions& extensions, std::string& line) {
  line.append("RCPT TO:<");
  append_mailbox(line, recipient.mailbox);
  line.append(">");
  if (extensions.dsn) line += dsn_of_recipient(recipient);
  line.append("\r\n");
}

}  // namespace mxpress::mta::smtp
