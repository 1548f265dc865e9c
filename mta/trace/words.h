// Splits text into words. Pure.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace mxpress::mta::trace {

// The parts of `text` that have none of the characters `between`.
inline std::vector<std::string_view> words_of(std::string_view text, std::string_view between) {
  std::vector<std::string_view> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(between), text.size()));
    if (text.empty()) return words;
    words.push_back(text.substr(0, text.find_first_of(between)));
    text.remove_prefix(words.back().size());
  }
}

}  // namespace mxpress::mta::trace
