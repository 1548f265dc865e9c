// xtext: the encoding of arbitrary printable text in DSN parameters. RFC 3461 4.
#include "proto/xtext.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

bool is_xchar(char c) { return c > 32 && c < 127 && c != '+' && c != '='; }

// The octet of the "+XX" at this place, or -1.
int escaped_octet(std::string_view text, std::size_t at) {
  if (text.size() - at < 3) return -1;
  const auto high = kDigits.find(text[at + 1]);
  const auto low = kDigits.find(text[at + 2]);
  if (high == std::string_view::npos || low == std::string_view::npos) return -1;
  return static_cast<int>(high * 16 + low);
}

}  // namespace

std::optional<std::string> decode_xtext(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_xchar(text[i])) {
      decoded.push_back(text[i]);
      continue;
    }
    const int octet = text[i] == '+' ? escaped_octet(text, i) : -1;
    if (octet < 0) return std::nullopt;
    decoded.push_back(static_cast<char>(octet));
    i += 2;
  }
  return decoded;
}

bool is_xtext(std::string_view text) { return decode_xtext(text).has_value(); }

std::string encode_xtext(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_xchar(c)) {
      encoded.push_back(c);
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    encoded.push_back('+');
    encoded.push_back(kDigits[octet >> 4]);
    encoded.push_back(kDigits[octet & 15]);
  }
  return encoded;
}

}  // namespace mxpress::proto
