// Reads and changes the headers of entities.
#include "proto/mime_header.h"

#include <algorithm>

#include "proto/ascii.h"
#include "proto/header.h"
#include "proto/mime_parameters.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxParameters = 64 * 1024;  // octets of Content-Type that are read
constexpr std::size_t kMaxMainValue = 200;         // octets; the longest known value has 25

// The value of a field up to its first ';' or comment, in lower case.
std::string main_value(std::string_view value) {
  return lower_case(trimmed(value.substr(0, value.find_first_of(";("))).substr(0, kMaxMainValue));
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
    std::string value = take_parameter_value(rest);
    if (is_boundary) return without_trailing_space(std::move(value));
  }
  return {};
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
