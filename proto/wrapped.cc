// Breaks lines at spaces.
#include "proto/wrapped.h"

#include <algorithm>

#include "proto/encoded_text.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kLineWidth = 76;
constexpr std::size_t kLongestWord = 900;

std::string single_spaced(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != ' ' || (!result.empty() && result.back() != ' ')) result.push_back(c);
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

// The length of the next line: up to a space if there is one.
std::size_t line_length(std::string_view text, std::size_t width) {
  if (text.size() <= width) return text.size();
  const auto last = text.rfind(' ', width);
  if (last != std::string_view::npos && last > 0) return last;
  return std::min(text.substr(0, kLongestWord).find(' '), std::min(text.size(), kLongestWord));
}

}  // namespace

std::string wrapped(std::string_view paragraph, std::string_view indent) {
  const std::string text = single_spaced(paragraph);
  if (has_eight_bit(text)) return text + "\r\n";
  std::string lines;
  for (std::string_view rest = text; !rest.empty();) {
    if (!lines.empty()) lines.append(indent);
    const std::size_t length = line_length(rest, kLineWidth - indent.size());
    lines.append(rest.substr(0, length)).append("\r\n");
    rest.remove_prefix(length);
    if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  }
  return lines;
}

}  // namespace mxpress::proto
