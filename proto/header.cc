// Splits, searches and completes headers.
#include "proto/header.h"

#include <algorithm>

#include "proto/ascii.h"
#include "proto/encoding.h"
#include "proto/printable.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kMaxName = 200;    // octets of an author's full name
constexpr std::size_t kWordOctets = 45;  // make an encoded word of 72: RFC 2047 2 allows 75
constexpr std::string_view kQualifiedFields[] = {"From", "Sender", "Reply-To", "To", "Cc"};

// Octets of the field name before the colon; 0 if the line is no field. RFC 5322 3.6.8, 4.5
std::size_t field_name_length(std::string_view line) {
  std::size_t length = 0;
  while (length < line.size() && line[length] > 32 && line[length] < 127 && line[length] != ':') ++length;
  std::size_t colon = length;
  while (colon < line.size() && is_blank(line[colon])) ++colon;
  return colon < line.size() && line[colon] == ':' ? length : 0;
}

bool is_mbox_line(std::string_view line) { return line.starts_with("From ") || line.starts_with(">From "); }

// The line with its CRLF (or what there is).
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

// RFC 2047 2, 5: one word for each piece, joined by folds, which vanish when shown.
std::string encoded_words(std::string_view text) {
  std::string words;
  while (!text.empty()) {
    const std::size_t length = cut_before(text, kWordOctets);
    if (!words.empty()) words.append("\r\n ");
    words.append("=?utf-8?B?").append(base64(text.substr(0, length))).append("?=");
    text.remove_prefix(length);
  }
  return words;
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

MessageParts split_message(std::string_view content) {
  if (content.starts_with(kLineEnd)) return {content.substr(0, 0), content.substr(2)};
  if (field_name_length(content) == 0 && !is_mbox_line(content)) return {content.substr(0, 0), content};
  const auto end = content.find("\r\n\r\n");
  if (end == std::string_view::npos) return {content, content.substr(content.size())};
  return {content.substr(0, end + 2), content.substr(end + 4)};
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

bool has_too_many_hops(std::string_view header) { return count_fields(header, "Received") > kMaxHops; }

std::string unfolded(std::string_view value) {
  std::string line;
  for (const char c : trimmed(value)) {
    if (c != '\r' && c != '\n') line.push_back(c);
  }
  return line;
}

std::string without_fields(std::string_view content, std::initializer_list<std::string_view> names) {
  const std::string_view header = split_message(content).header;
  std::string kept;
  kept.reserve(content.size());
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    const auto same = [&](std::string_view name) { return equal_in_any_case(name, field->name); };
    if (std::none_of(names.begin(), names.end(), same)) kept.append(field->text);
  }
  return kept.append(content.substr(header.size()));
}

std::string_view without_mbox_line(std::string_view content) {
  return is_mbox_line(content) ? content.substr(first_line(content).size()) : content;
}

std::string without_bcc(std::string_view content) { return without_fields(content, {"Bcc", "Resent-Bcc"}); }

std::string with_domain_in_header(std::string_view content, const Domain& domain) {
  const std::string_view header = split_message(content).header;
  std::string completed;
  completed.reserve(content.size());
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    const auto same = [&](std::string_view name) { return equal_in_any_case(name, field->name); };
    if (std::none_of(std::begin(kQualifiedFields), std::end(kQualifiedFields), same)) {
      completed.append(field->text);
      continue;
    }
    const auto value = static_cast<std::size_t>(field->value.data() - field->text.data());
    completed.append(field->text.substr(0, value)).append(with_domain(field->value, domain));
    completed.append(field->text.substr(value + field->value.size()));
  }
  return completed.append(content.substr(header.size()));
}

std::string missing_fields(std::string_view content, const HeaderDefaults& defaults) {
  const std::string_view header = split_message(content).header;
  std::string fields;
  if (!find_field(header, "Date")) fields += "Date: " + rfc5322_date(defaults.now, defaults.zone_minutes) + "\r\n";
  if (!find_field(header, "From")) fields += "From: " + format_author(defaults.full_name, defaults.from) + "\r\n";
  if (!find_field(header, "Message-ID")) fields += "Message-ID: <" + printable(defaults.message_id, kMaxName) + ">\r\n";
  if (header.empty() && !content.starts_with(kLineEnd)) fields += kLineEnd;
  return fields;
}

std::string format_author(std::string_view full_name, std::string_view address) {
  const std::string name = display_name(full_name);
  const std::string clean = printable(address, 400);
  return name.empty() || name == "\"\"" ? clean : name + " <" + clean + ">";
}

}  // namespace mxpress::proto
