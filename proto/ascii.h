// ASCII without locale: classes of characters and comparisons in any case.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_alpha(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
constexpr bool is_eight_bit(char c) { return static_cast<unsigned char>(c) > 127; }
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 32 || c == 127; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }

// RFC 5322 3.2.3: the characters of an atom.
constexpr bool is_atext(char c) {
  return is_digit(c) || is_alpha(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

constexpr bool equal_in_any_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

constexpr bool starts_in_any_case(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && equal_in_any_case(text.substr(0, start.size()), start);
}

// The text without spaces, tabs and line ends around it.
constexpr std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

inline std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper)
    if (is_alpha(c) && !is_upper(c)) c = static_cast<char>(c - 32);
  return upper;
}

inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

}  // namespace mxpress::proto
