// The header of a message: finds fields, reads address lists, completes missing fields of a submission. RFC 5322, RFC 6409 8.
// Content has CRLF line ends; views point into the text that was given.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "proto/address_list.h"
#include "proto/time.h"

namespace mxpress::proto {

// RFC 5321 6.3: more Received fields than this are a loop (5.4.6).
inline constexpr std::size_t kMaxHops = 100;

// A longer header is refused, because all of it is searched for Bcc before any of it is stored.
inline constexpr std::size_t kMaxHeader = 1u << 20;  // octets

// True if a line is a field, or continues the field at the end of `header`. The first 1,000 octets of the line are enough.
bool belongs_to_header(std::string_view line, std::string_view header);

enum class MboxLines { are_text, are_dropped };
enum class Extent { may_grow, is_whole };

// Finds the end of a message's header: the first line that is neither a field (a name and a colon) nor the continuation of one.
// Usually that is the empty line (RFC 5322 2.1); if it is another line, the empty line is missing. Only this class and
// belongs_to_header(), which it calls, decide this, for submission, sendmail -t, conversion and notices. Linear time for pieces of any
// size.
class HeaderScanner {
 public:
  // "From user date" lines in front of the first field come from mbox tools and are not part of the message, unless no field follows.
  explicit HeaderScanner(MboxLines mbox_lines) : mbox_lines_(mbox_lines) {}

  // `text`: the message from its start, with CRLF line ends; each call passes the same text with more behind it. True: the end is known.
  bool find_end(std::string_view text, Extent extent);
  // Offset of the first field, and offset behind the last complete line of the header read so far.
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_; }
  // `text`: the one whose end was found.
  std::string_view header(std::string_view text) const { return text.substr(begin_, end_ - begin_); }
  bool has_empty_line(std::string_view text) const { return text.substr(end_).starts_with("\r\n"); }

 private:
  enum class Line { header, mbox, other, undecided };
  Line kind_of(std::string_view line, std::string_view header, bool is_complete) const;

  MboxLines mbox_lines_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t line_ = 0;      // start of the current line
  std::size_t searched_ = 0;  // no line end between the start of that line and this offset
};

// header: the fields, with their CRLF. body: the text behind the empty line, or behind the fields if that line is missing.
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

// Reads fields one after another. A malformed line is a field without name.
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
// The value in one line, without spaces around it; not cleaned.
std::string unfolded(std::string_view value);

// Values for missing fields.
struct HeaderDefaults {
  WallTime now{};
  int zone_minutes = 0;
  std::string from{};        // "user@host.example"
  std::string full_name{};   // of the author, UTF-8; may be empty
  std::string message_id{};  // "unique@host.example", without angle brackets
};

// The presence of the fields that every message has (RFC 5322 3.6), and the number of Received fields.
struct HeaderFacts {
  std::size_t hops = 0;
  bool has_date = false;
  bool has_author = false;
  std::optional<std::string> message_id{};  // value of the first, in one line
  bool waives_tls = false;                  // "TLS-Required: No" (RFC 8689 3)

  bool is_complete() const { return has_date && has_author && message_id; }
};

// The missing ones of Date, From and Message-ID, and no others. RFC 6409 8.2, 8.3
std::string missing_fields(const HeaderFacts& facts, const HeaderDefaults& defaults);

// "\"Doe, John\" <john@example.org>", with an encoded word for text outside ASCII (RFC 2047); only the address if the name is empty.
std::string format_author(std::string_view full_name, std::string_view address);

}  // namespace mxpress::proto
