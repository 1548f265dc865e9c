// Makes the stored form of a message.
#include "mta/mailstore/stored_text.h"

#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

namespace mxpress::mta::mailstore {
namespace {

constexpr std::string_view kFrom = "From ", kNoSender = "MAILER-DAEMON";
constexpr std::size_t kLongestHeaderLine = 2u << 20;  // a longer line means that the text has no header
constexpr std::size_t kBlock = 64u << 10;

bool equals(std::string_view a, std::string_view b) { return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0; }

// Mail readers keep their own data in these fields: a sender must not write them.
bool is_readers_own(std::string_view name) {
  for (const std::string_view own : {"Status", "X-Status", "X-UID", "X-Keywords", "Content-Length"})
    if (equals(name, own)) return true;
  return equals(name.substr(0, 6), "X-IMAP");
}

std::string_view name_of(std::string_view line) {
  std::string_view name = line.substr(0, line.find(':'));
  while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
  return name;
}

// "From : me" is a field (RFC 5322 4.5), but in an mbox it would begin a message.
void join_name_and_colon(std::string& line) {
  const std::size_t name = name_of(line).size(), colon = line.find(':');
  if (colon != line.npos && colon > name) line.erase(name, colon - name);
}

// The sender must not have a blank: a reader may take the text after it for the date.
std::string from_line(const Mail& mail) {
  std::string sender = mail.sender.empty() ? std::string(kNoSender) : mail.sender;
  std::replace(sender.begin(), sender.end(), ' ', '_');
  const std::time_t time = mail.time;
  std::tm parts{};
  ::gmtime_r(&time, &parts);  // RFC 4155: UTC
  char date[64];
  const std::size_t size = std::strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &parts);
  return std::string(kFrom) + sender + " " + std::string(date, size) + "\n";
}

}  // namespace

Status StoredText::add(std::string octets) {
  std::erase(octets, '\r');
  std::string_view left = octets;
  while (!left.empty())
    if (Status status = in_header_ ? add_header(left) : add_body(left); !status) return status;
  return {};
}

Status StoredText::finish() {
  if (in_header_ && !line_.empty())
    if (Status status = end_header_line(); !status) return status;
  if (at_start_)
    if (Status status = start_is_known(false); !status) return status;
  if (last_ != '\n')
    if (Status status = put("\n"); !status) return status;
  return layout_ == Layout::mbox ? put("\n") : Status();
}

Status StoredText::add_header(std::string_view& octets) {
  const auto end = octets.find('\n');
  line_.append(octets.substr(0, end));
  octets.remove_prefix(end == octets.npos ? octets.size() : end + 1);
  if (end != octets.npos) return end_header_line();
  if (line_.size() <= kLongestHeaderLine) return {};
  in_header_ = false;
  return add_all(std::exchange(line_, {}));
}

Status StoredText::add_all(std::string_view octets) {
  while (!octets.empty())
    if (Status status = add_body(octets); !status) return status;
  return {};
}

Status StoredText::end_header_line() {
  std::string line = std::exchange(line_, {});
  const bool goes_on = !line.empty() && (line.front() == ' ' || line.front() == '\t');
  if (line.empty()) in_header_ = false;
  if (!goes_on) is_left_out_ = is_readers_own(name_of(line));
  if (is_left_out_) return {};
  if (!goes_on) join_name_and_colon(line);
  return add_all(line + "\n");
}

// At most up to the end of a line.
Status StoredText::add_body(std::string_view& octets) {
  while (at_start_ && !octets.empty()) {
    const char next = octets.front();
    if (matched_ == 0 && next == '>')
      ++quotes_;
    else if (next == kFrom[matched_])
      ++matched_;
    else
      return start_is_known(false);
    octets.remove_prefix(1);
    if (matched_ == kFrom.size()) return start_is_known(true);
  }
  const auto end = octets.find('\n');
  const std::string_view piece = octets.substr(0, end == octets.npos ? end : end + 1);
  octets.remove_prefix(piece.size());
  at_start_ = at_start_ || piece.ends_with('\n');
  return put(piece);
}

Status StoredText::start_is_known(bool is_from) {
  const std::size_t more = is_from && layout_ == Layout::mbox ? 1 : 0;
  at_start_ = false;
  return put(std::string(std::exchange(quotes_, 0) + more, '>') + std::string(kFrom.substr(0, std::exchange(matched_, 0))));
}

Status StoredText::put(std::string_view octets) {
  if (octets.empty()) return {};
  last_ = octets.back();
  return sink_(octets);
}

std::string front_of(const Mail& mail, Layout layout) {
  const std::string fields = "Return-Path: <" + mail.sender + ">\nDelivered-To: " + mail.recipient + "\n";
  return layout == Layout::mbox ? from_line(mail) + fields : fields;
}

Status write_stored(const Mail& mail, Layout layout, const Sink& sink) {
  if (Status status = sink(front_of(mail, layout)); !status) return status;
  StoredText text(layout, sink);
  std::vector<char> buffer(kBlock);
  for (std::int64_t done = 0; done < mail.size;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(kBlock, mail.size - done));
    const ssize_t got = ::pread(mail.content, buffer.data(), wanted, mail.offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::transient(std::string("cannot read the message: ") + std::strerror(errno));
    if (got == 0) return Error::transient("the message ended early");
    done += got;
    if (Status status = text.add(std::string(buffer.data(), static_cast<std::size_t>(got))); !status) return status;
  }
  return text.finish();
}

}  // namespace mxpress::mta::mailstore
