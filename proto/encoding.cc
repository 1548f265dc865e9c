// Transfer encodings: base64 and quoted-printable.
#include "proto/encoding.h"

#include <algorithm>

#include "proto/ascii.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHex = "0123456789ABCDEF";
constexpr std::size_t kMaxLine = 76;
constexpr std::size_t kOctetsPerLine = 57;

void append_group(std::string_view group, std::string& out) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0);
  for (std::size_t i = 0; i < 4; ++i) out.push_back(i <= group.size() ? kBase64[bits >> (18 - 6 * i) & 63] : '=');
}

// Encodes one line; `rest` is the line from this octet on.
bool must_encode(std::string_view rest, std::size_t column) {
  const char c = rest.front();
  if (is_blank(c)) return rest.size() == 1;
  if (is_control(c) || is_eight_bit(c) || c == '=') return true;
  return column == 0 && (c == '.' || rest.starts_with("From ") || rest.starts_with("--"));
}

void append_quoted_line(std::string_view line, std::string& out) {
  std::size_t column = 0;
  for (; !line.empty(); line.remove_prefix(1)) {
    // One place is left for the '=' of a soft line break.
    const std::size_t width = must_encode(line, column) ? 3 : 1;
    if (column + width > kMaxLine - 1) {
      out.append("=\r\n");
      column = 0;
    }
    const auto octet = static_cast<unsigned char>(line.front());
    if (must_encode(line, column)) {
      out.append({'=', kHex[octet >> 4], kHex[octet & 15]});
      column += 3;
    } else {
      out.push_back(line.front());
      ++column;
    }
  }
}

// Octets of the UTF-8 sequence at the start of the text, 0 if there is none. RFC 3629 4
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (at(i) < 0x80 || at(i) > 0xBF) return 0;
  }
  return length;
}

}  // namespace

std::string base64(std::string_view octets) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  for (; !octets.empty(); octets.remove_prefix(std::min<std::size_t>(3, octets.size()))) append_group(octets.substr(0, 3), out);
  return out;
}

std::string base64_lines(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() / 3 * 4 + octets.size() / kOctetsPerLine * 2 + 8);
  for (std::size_t i = 0; i < octets.size(); i += kOctetsPerLine) out.append(base64(octets.substr(i, kOctetsPerLine))).append("\r\n");
  return out;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    append_quoted_line(text.substr(0, end), out);
    if (end == std::string_view::npos) break;
    out.append("\r\n");
    text.remove_prefix(end + 2);
  }
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace mxpress::proto
