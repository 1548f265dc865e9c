// The header of a message: finding fields, reading address lists, completing what a submitter left out. RFC 5322, RFC 6409 8.
// Content has CRLF line ends; views point into the text that was given.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "proto/address_list.h"
#include "proto/time.h"

namespace mxpress::proto {

// RFC 5321 6.3: more Received fields than this are a loop (5.4.6).
inline constexpr std::size_t kMaxHops = 100;

// header: all lines before the empty line, with their CRLF. body: what is behind the empty line. A message that does not begin with a field
// (or an mbox "From " line) has no header at all, and no empty line: all of it is body.
struct MessageParts {
  std::string_view header;
  std::string_view body;
};
MessageParts split_message(std::string_view content);

struct HeaderField {
  std::string_view name;   // as written, without the colon; empty for a malformed line
  std::string_view value;  // behind the colon, with folds, without the last CRLF
  std::string_view text;   // the whole field, with its CRLF
};

// Fields one after another. A malformed line is a field without name.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view header) : rest_(header) {}
  std::optional<HeaderField> next();

 private:
  std::string_view rest_;
};

// The first field with this name, in any case.
std::optional<HeaderField> find_field(std::string_view header, std::string_view name);
std::size_t count_fields(std::string_view header, std::string_view name);
// More than kMaxHops Received fields: a mail loop. RFC 5321 6.3
bool has_too_many_hops(std::string_view header);
// In one line, without spaces around it; not cleaned.
std::string unfolded(std::string_view value);

// The content without all fields of these names; everything else byte for byte.
std::string without_fields(std::string_view content, std::initializer_list<std::string_view> names);
// The content without the "From user date" line that mbox tools put in front.
std::string_view without_mbox_line(std::string_view content);
// The content without Bcc and Resent-Bcc. RFC 5322 3.6.3
std::string without_bcc(std::string_view content);

// The content with this domain behind each address without one in From, Sender, Reply-To, To and Cc: `To: root` of cron. Everything else
// byte for byte. RFC 6409 8.1
std::string with_domain_in_header(std::string_view content, const Domain& domain);

// What to put into fields that are missing.
struct HeaderDefaults {
  WallTime now{};
  int zone_minutes = 0;
  std::string from{};        // "user@host.example"
  std::string full_name{};   // of the author, UTF-8; may be empty
  std::string message_id{};  // "unique@host.example", without angle brackets
};

// The text to put in front of the content: Date, From and Message-ID where missing, never anything else; empty if nothing is. For a message
// without header it ends with the empty line that separates header and body. RFC 6409 8.2, 8.3, RFC 5322 3.6
std::string missing_fields(std::string_view content, const HeaderDefaults& defaults);

// "\"Doe, John\" <john@example.org>", with an encoded word for what is not ASCII (RFC 2047); only the address if the name is empty.
std::string format_author(std::string_view full_name, std::string_view address);

}  // namespace mxpress::proto
