// Splits, searches and completes headers.
#include "proto/header.h"

#include <algorithm>

#include "proto/ascii.h"
#include "proto/encoding.h"
#include "proto/mail_data.h"
#include "proto/printable.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kMaxName = 200;                  // octets of an author's full name
constexpr std::size_t kMaxFieldName = kMaxLineLength;  // octets, with the colon

// Octets of the field name before the colon; 0 if the line is no field. RFC 5322 3.6.8, 4.5
std::size_t field_name_length(std::string_view line) {
  line = line.substr(0, kMaxFieldName);
  std::size_t length = 0;
  while (length < line.size() && line[length] > 32 && line[length] < 127 && line[length] != ':') ++length;
  std::size_t colon = length;
  while (colon < line.size() && is_blank(line[colon])) ++colon;
  return colon < line.size() && line[colon] == ':' ? length : 0;
}

// True if further octets behind these, which have no colon yet, could make the line a field.
bool may_become_field(std::string_view line) {
  if (line.size() >= kMaxFieldName) return false;
  const auto name_end = std::find_if_not(line.begin(), line.end(), [](char c) { return c > 32 && c < 127; });
  return (name_end != line.begin() || line.empty()) && std::all_of(name_end, line.end(), is_blank);
}

bool is_mbox_line(std::string_view line) { return line.starts_with("From ") || line.starts_with(">From "); }

// The first line with its CRLF, or the text up to its end.
std::string_view first_line(std::string_view text) {
  const auto end = text.find(kLineEnd);
  return end == std::string_view::npos ? text : text.substr(0, end + 2);
}

// Cuts before `max` octets, but never inside a UTF-8 character.
std::size_t cut_before(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text.size();
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xC0) == 0x80) --max;
  return max;
}

std::string quoted_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

std::string display_name(std::string_view name) {
  std::string clean;
  for (const char c : name.substr(0, cut_before(name, kMaxName))) {
    if (!is_control(c)) clean.push_back(c);
  }
  const std::string text(trimmed(clean));
  if (std::any_of(text.begin(), text.end(), is_eight_bit))
    return is_utf8(text) ? encoded_words(text) : quoted_string(printable(text, kMaxName));
  const bool atoms = std::all_of(text.begin(), text.end(), [](char c) { return (is_atext(c) && c != '=') || c == ' '; });
  return atoms ? text : quoted_string(text);
}

}  // namespace

bool belongs_to_header(std::string_view line, std::string_view header) {
  if (!line.empty() && is_blank(line.front())) return !header.empty();
  return field_name_length(line) > 0;
}

HeaderScanner::Line HeaderScanner::kind_of(std::string_view line, std::string_view header, bool is_complete) const {
  if (belongs_to_header(line, header)) return Line::header;
  if (header.empty() && mbox_lines_ == MboxLines::are_dropped && is_mbox_line(line)) return Line::mbox;
  return !is_complete && may_become_field(line) ? Line::undecided : Line::other;
}

bool HeaderScanner::find_end(std::string_view text, Extent extent) {
  while (line_ < text.size()) {
    const auto line_end = text.find(kLineEnd, std::max(line_, searched_));
    const bool has_end = line_end != std::string_view::npos;
    std::string_view line = text.substr(line_, has_end ? line_end - line_ : line_end);
    if (!has_end && extent == Extent::may_grow && line.ends_with('\r')) line.remove_suffix(1);
    const Line kind = kind_of(line, header(text), has_end || extent == Extent::is_whole);
    if (kind == Line::other) return true;
    searched_ = has_end ? line_end + 2 : text.size() - 1;
    if (!has_end && extent == Extent::may_grow) return false;
    line_ = has_end ? line_end + 2 : text.size();
    if (kind == Line::mbox) continue;  // part of the text, unless a field follows
    if (end_ == begin_) begin_ = line_ - (line.size() + (has_end ? 2 : 0));
    end_ = line_;
  }
  return extent == Extent::is_whole;
}

MessageParts split_message(std::string_view content) {
  HeaderScanner scanner(MboxLines::are_text);
  scanner.find_end(content, Extent::is_whole);
  return {scanner.header(content), content.substr(scanner.end() + (scanner.has_empty_line(content) ? 2 : 0))};
}

std::optional<HeaderField> HeaderReader::next() {
  if (rest_.empty()) return std::nullopt;
  std::size_t length = first_line(rest_).size();
  while (length < rest_.size() && is_blank(rest_[length])) length += first_line(rest_.substr(length)).size();
  HeaderField field{{}, {}, rest_.substr(0, length)};
  rest_.remove_prefix(length);
  const std::size_t name = field_name_length(field.text);
  if (name == 0) return field;
  field.name = field.text.substr(0, name);
  field.value = field.text.substr(field.text.find(':', name) + 1);
  if (field.value.ends_with(kLineEnd)) field.value.remove_suffix(2);
  return field;
}

std::optional<HeaderField> find_field(std::string_view header, std::string_view name) {
  HeaderReader reader(header);
  while (auto field = reader.next()) {
    if (equal_in_any_case(field->name, name)) return field;
  }
  return std::nullopt;
}

std::size_t count_fields(std::string_view header, std::string_view name) {
  std::size_t count = 0;
  HeaderReader reader(header);
  while (const auto field = reader.next()) count += equal_in_any_case(field->name, name);
  return count;
}

std::string unfolded(std::string_view value) {
  const std::string_view text = trimmed(value);
  std::string line;
  line.reserve(text.size());
  for (const char c : text) {
    if (c != '\r' && c != '\n') line.push_back(c);
  }
  return line;
}

std::string missing_fields(const HeaderFacts& facts, const HeaderDefaults& defaults) {
  std::string fields;
  if (!facts.has_date) fields += "Date: " + rfc5322_date(defaults.now, defaults.zone_minutes) + "\r\n";
  if (!facts.has_author) fields += "From: " + format_author(defaults.full_name, defaults.from) + "\r\n";
  if (!facts.message_id) fields += "Message-ID: <" + printable(defaults.message_id, kMaxName) + ">\r\n";
  return fields;
}

std::string format_author(std::string_view full_name, std::string_view address) {
  const std::string name = display_name(full_name);
  const std::string clean = printable(address, 400);
  return name.empty() || name == "\"\"" ? clean : name + " <" + clean + ">";
}

}  // namespace mxpress::proto
