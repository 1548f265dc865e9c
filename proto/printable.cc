// Makes remote text safe for logs, notices, header fields and terminals.
#include "proto/printable.h"

#include <algorithm>
#include <cstdint>

#include "proto/encoding.h"

namespace mxpress::proto {
namespace {

// What becomes of the octet at `i`, which is no part of a sequence of UTF-8.
void append_octet(std::string_view text, std::size_t i, std::string& clean) {
  const auto octet = static_cast<unsigned char>(text[i]);
  const bool line_end = octet == '\r' || octet == '\n';
  if (octet > 127) {
    clean.push_back('?');
  } else if (octet == '\t' || line_end) {
    if (!(octet == '\n' && i > 0 && text[i - 1] == '\r')) clean.push_back(' ');
  } else if (octet >= 32 && octet != 127) {
    clean.push_back(text[i]);
  }
}

// Of a valid sequence of two octets or more.
std::uint32_t code_point(std::string_view sequence) {
  std::uint32_t point = static_cast<unsigned char>(sequence[0]) & (0x7Fu >> sequence.size());
  for (const char c : sequence.substr(1)) point = point << 6 | (static_cast<unsigned char>(c) & 0x3F);
  return point;
}

bool is_seen(std::uint32_t point) {
  const auto is_in = [point](std::uint32_t first, std::uint32_t last) { return point >= first && point <= last; };
  return !is_in(0x80, 0x9F) && point != 0xAD && point != 0x61C && !is_in(0x200B, 0x200F) && !is_in(0x2028, 0x202E) &&
         !is_in(0x2060, 0x206F) && point != 0xFEFF && !is_in(0xFFF9, 0xFFFB) && !is_in(0xE0000, 0xE0FFF);
}

// "\x1B" for each octet.
void append_hex(std::string_view octets, std::string& clean) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    clean.append("\\x").push_back(kDigits[octet >> 4]);
    clean.push_back(kDigits[octet & 15]);
  }
}

}  // namespace

bool is_printable(std::string_view text) {
  unsigned char others = 0;
  for (const char c : text) others |= static_cast<unsigned char>(c - ' ') >= 127 - ' ';
  return others == 0;
}

std::string printable(std::string_view text, std::size_t max) {
  if (is_printable(text)) return std::string(text.substr(0, max));  // nearly always
  std::string clean;
  clean.reserve(std::min(text.size(), max));
  for (std::size_t i = 0; i < text.size() && clean.size() < max; ++i) append_octet(text, i, clean);
  return clean;
}

std::string printable_utf8(std::string_view text, std::size_t max) {
  std::string clean;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = std::max<std::size_t>(utf8_length(text.substr(i)), 1);
    if (clean.size() + length > max) break;
    if (length == 1)
      append_octet(text, i, clean);
    else if (is_seen(code_point(text.substr(i, length))))
      clean.append(text, i, length);
    i += length;
  }
  return clean;
}

std::string visible_utf8(std::string_view text, std::size_t max) {
  if (text.size() <= max && is_printable(text)) return std::string(text);  // nearly always
  std::string clean;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t valid = utf8_length(text.substr(i)), length = std::max<std::size_t>(valid, 1);
    const std::string_view sequence = text.substr(i, length);
    const std::size_t before = clean.size();
    if (length == 1 ? is_printable(sequence) : is_seen(code_point(sequence)))
      clean.append(sequence);
    else
      append_hex(sequence, clean);
    if (clean.size() > max) return clean.resize(before), clean + " [...]";
    i += length;
  }
  return clean;
}

}  // namespace mxpress::proto
