// Finds the end of local parts.
#include "proto/local_part.h"

#include <algorithm>

#include "proto/ascii.h"

namespace mxpress::proto {
namespace {

// The number of octets of atoms and dots at the start, in any order: if they are no dot-string, quotes make them a local part.
std::size_t atoms_length(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), [](char c) { return is_atext(c) || c == '.'; });
  return static_cast<std::size_t>(end - text.begin());
}

// The number of octets of the quoted-string at the start of the text, with its quotes; 0 if it is malformed.
std::size_t quoted_string_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (is_control(text[i]) || is_eight_bit(text[i])) return 0;
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\' && (++i == text.size() || is_control(text[i]) || is_eight_bit(text[i]))) return 0;
  }
  return 0;
}

}  // namespace

std::size_t local_part_length(std::string_view text) {
  if (text.empty()) return 0;
  return text.front() == '"' ? quoted_string_length(text) : atoms_length(text);
}

}  // namespace mxpress::proto
