// Reads and encodes parameters.
#include "proto/mime_parameters.h"

#include <algorithm>
#include <set>

#include "proto/ascii.h"
#include "proto/encoded_text.h"
#include "proto/encoding.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxSingle = 200;  // octets of an encoded value that is not split
constexpr std::size_t kSegment = 60;     // octets

// RFC 2231 7: an attribute-char needs no encoding.
bool is_attribute_char(char c) { return (is_atext(c) || c == '.') && c != '*' && c != '\'' && c != '%'; }

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (is_attribute_char(c)) {
      encoded.push_back(c);
    } else {
      encoded.append({'%', kHex[octet >> 4], kHex[octet & 15]});
    }
  }
  return encoded;
}

// The name in front of '=', in lower case; empty if this is not a parameter with an ASCII name.
std::string name_of(std::string_view parameter) {
  const auto equals = parameter.find('=');
  if (equals == std::string_view::npos || has_eight_bit(parameter.substr(0, equals))) return {};
  return lower_case(trimmed(parameter.substr(0, equals)));
}

std::string value_of(std::string_view parameter) {
  std::string line;
  for (const char c : trimmed(parameter.substr(parameter.find('=') + 1))) {
    if (c != '\r' && c != '\n') line.push_back(c);
  }
  std::string_view rest = line;
  return rest.starts_with('"') ? take_parameter_value(rest) : line;
}

void append_extended(std::string_view parameter, std::string& out) {
  const std::string_view name = trimmed(parameter.substr(0, parameter.find('=')));
  const std::string value = value_of(parameter);
  const std::string encoded = (is_utf8(value) ? "utf-8''" : "unknown-8bit''") + percent_encoded(value);
  if (encoded.size() <= kMaxSingle) {
    out.append(" ").append(name).append("*=").append(encoded);
    return;
  }
  std::size_t number = 0;
  for (std::size_t at = 0; at < encoded.size(); ++number) {
    std::size_t end = std::min(at + kSegment, encoded.size());
    const auto escape = encoded.find('%', end - 2);
    if (end < encoded.size() && escape < end) end = escape;  // an escape is not split
    out.append(number == 0 ? " " : ";\r\n ").append(name).append("*").append(std::to_string(number)).append("*=");
    out.append(encoded, at, end - at);
    at = end;
  }
}

}  // namespace

std::string take_parameter_value(std::string_view& text) {
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

std::vector<std::string_view> split_parameters(std::string_view value) {
  std::vector<std::string_view> pieces;
  bool in_quotes = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] == '\\' && in_quotes) {
      ++at;
    } else if (value[at] == '"') {
      in_quotes = !in_quotes;
    } else if (value[at] == ';' && !in_quotes) {
      pieces.push_back(value.substr(begin, at - begin));
      begin = at + 1;
    }
  }
  pieces.push_back(value.substr(begin));
  return pieces;
}

std::string encoded_parameters(std::string_view value) {
  const std::vector<std::string_view> pieces = split_parameters(value);
  std::set<std::string, std::less<>> extended;
  for (const std::string_view piece : pieces) {
    const std::string name = name_of(piece);
    if (const auto star = name.find('*'); star != std::string::npos) extended.insert(name.substr(0, star));
  }
  std::string out = has_eight_bit(pieces.front()) ? encoded_unstructured(pieces.front()) : std::string(pieces.front());
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    const std::string name = name_of(pieces[i]);
    const bool needs_encoding = has_eight_bit(pieces[i]);
    if (needs_encoding && !name.empty() && extended.contains(name)) continue;
    out.append(";");
    if (needs_encoding && !name.empty()) {
      append_extended(pieces[i], out);
    } else {
      out.append(needs_encoding ? encoded_unstructured(pieces[i]) : std::string(pieces[i]));
    }
  }
  return out;
}

}  // namespace mxpress::proto
