// Reads and changes the headers of entities.
#include "proto/mime_header.h"

#include <algorithm>

#include "proto/ascii.h"
#include "proto/header.h"
#include "proto/mail_data.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxParameters = 64 * 1024;  // octets of Content-Type that are looked at
constexpr std::size_t kMaxMainValue = 200;         // octets; the longest one that means something has 25

// The value of a field up to its first ';', in lower case.
std::string main_value(std::string_view value) { return lower_case(trimmed(value.substr(0, value.find(';'))).substr(0, kMaxMainValue)); }

// Takes one parameter value, quoted or not, off the front. RFC 2045 5.1
std::string take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    const std::string_view token = text.substr(0, text.find(';'));
    text.remove_prefix(token.size());
    return std::string(trimmed(token.substr(0, token.find_first_of(" \t("))));
  }
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value.push_back(text[i]);
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return value;
}

// RFC 2046 5.1.1: white space at the end of a boundary is not part of it.
std::string without_trailing_space(std::string boundary) {
  boundary.erase(boundary.find_last_not_of(" \t") + 1);
  return boundary;
}

std::string boundary_of(std::string_view content_type) {
  const std::string line = unfolded(content_type);
  std::string_view rest = line;
  for (auto semicolon = rest.find(';'); semicolon != std::string_view::npos; semicolon = rest.find(';')) {
    rest = trimmed(rest.substr(semicolon + 1));
    const auto equals = rest.find_first_of("=;");
    if (equals == std::string_view::npos || rest[equals] == ';') continue;
    const std::string_view name = trimmed(rest.substr(0, equals));
    const bool is_boundary = equal_in_any_case(name, "boundary");
    rest = trimmed(rest.substr(equals + 1));
    std::string value = take_value(rest);
    if (is_boundary) return without_trailing_space(std::move(value));
  }
  return {};
}

// The last place within a line of 998 octets where a blank follows something and something follows the blank; 0 if there is none. `end` is
// behind the last octet of the line that is not blank.
std::size_t fold_place(std::string_view line, std::size_t end) {
  if (end == 0) return 0;
  for (std::size_t at = std::min(kMaxLineLength, end - 1); at > 0; --at) {
    if (is_blank(line[at]) && !is_blank(line[at - 1])) return at;
  }
  return 0;
}

// Appends the line folded. Each two folds go forward by at least 998 octets, or to the end, so that all searches together take linear time.
bool append_folded(std::string_view line, std::string& out) {
  std::size_t end = line.find_last_not_of(" \t\r\n") + 1;
  while (line.size() > kMaxLineLength) {
    const std::size_t place = fold_place(line, end);
    if (place == 0) return false;
    out.append(line.substr(0, place)).append("\r\n");
    line.remove_prefix(place);
    end -= place;
  }
  out.append(line);
  return true;
}

}  // namespace

EntityFacts read_entity_header(std::string_view header) {
  EntityFacts facts;
  bool has_encoding = false;
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (!facts.has_type && equal_in_any_case(field->name, "Content-Type")) {
      facts.has_type = true;
      facts.type = main_value(field->value);
      facts.boundary = boundary_of(field->value.substr(0, kMaxParameters));
    } else if (!has_encoding && equal_in_any_case(field->name, "Content-Transfer-Encoding")) {
      has_encoding = true;
      facts.encoding = main_value(field->value);
    } else if (equal_in_any_case(field->name, "MIME-Version")) {
      facts.has_version = true;
    }
  }
  return facts;
}

std::optional<std::string> folded_header(std::string_view header) {
  std::string folded;
  folded.reserve(header.size() + header.size() / 128);
  while (!header.empty()) {
    const auto end = header.find("\r\n");
    if (!append_folded(header.substr(0, end), folded)) return std::nullopt;
    if (end == std::string_view::npos) break;
    folded.append("\r\n");
    header.remove_prefix(end + 2);
  }
  return folded;
}

std::string with_encoding(std::string_view header, std::string_view encoding, Level level) {
  std::string changed;
  changed.reserve(header.size() + 128);
  bool has_version = false;
  std::size_t copied = 0;
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    has_version = has_version || equal_in_any_case(field->name, "MIME-Version");
    if (!equal_in_any_case(field->name, "Content-Transfer-Encoding")) continue;
    const auto begin = static_cast<std::size_t>(field->text.data() - header.data());
    changed.append(header.substr(copied, begin - copied));
    copied = begin + field->text.size();
  }
  changed.append(header.substr(copied));
  if (!changed.empty() && !changed.ends_with("\r\n")) changed.append("\r\n");
  if (level == Level::message && !has_version) changed.append("MIME-Version: 1.0\r\n");
  return changed.append("Content-Transfer-Encoding: ").append(encoding).append("\r\n");
}

}  // namespace mxpress::proto
