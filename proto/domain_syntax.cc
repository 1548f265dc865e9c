// Checks names octet by octet.
#include "proto/domain_syntax.h"

#include <algorithm>
#include <iterator>

#include "proto/ascii.h"
#include "proto/encoding.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kWideDots[] = {"\xE3\x80\x82", "\xEF\xBC\x8E", "\xEF\xBD\xA1"};
constexpr std::size_t kWideDot = 3;  // octets

bool is_label_octet(char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || is_eight_bit(c); }

bool is_wide_dot(std::string_view text) {
  if (text.front() != '\xE3' && text.front() != '\xEF') return false;
  return std::any_of(std::begin(kWideDots), std::end(kWideDots), [text](std::string_view dot) { return text.starts_with(dot); });
}

bool is_label(std::string_view label) {
  if (label.empty() || !std::all_of(label.begin(), label.end(), is_label_octet)) return false;
  if (std::any_of(label.begin(), label.end(), is_eight_bit)) return label.size() <= kMaxULabel && is_utf8(label);
  return label.size() <= kMaxALabel && label.front() != '-' && label.back() != '-';
}

}  // namespace

std::string_view take_label(std::string_view& text) {
  std::size_t end = 0;
  std::size_t dot = 0;
  for (; end < text.size(); ++end) {
    if (text[end] == '.') dot = 1;
    if (is_eight_bit(text[end]) && is_wide_dot(text.substr(end))) dot = kWideDot;
    if (dot > 0) break;
  }
  const std::string_view label = text.substr(0, end);
  text.remove_prefix(end + dot);
  return label;
}

bool has_name_syntax(std::string_view text) {
  if (text.empty() || text.size() > kMaxNameText) return false;
  std::string_view label;
  while (!text.empty()) {
    label = take_label(text);
    if (!is_label(label)) return false;
  }
  // RFC 3696 2: a top-level name is never all digits, so this is an address without brackets.
  return !std::all_of(label.begin(), label.end(), is_digit);
}

}  // namespace mxpress::proto
