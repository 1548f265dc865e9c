// Encodes unstructured header text.
#include "proto/encoded_text.h"

#include <algorithm>

#include "proto/ascii.h"
#include "proto/encoding.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kWhite = " \t\r\n";

bool is_encoded_word(std::string_view word) { return word.size() > 4 && word.starts_with("=?") && word.ends_with("?="); }

// Text between white space, and the white space in front of it.
struct Word {
  std::string_view white;
  std::string_view text;
};

Word take_word(std::string_view& rest) {
  Word word;
  word.white = rest.substr(0, std::min(rest.find_first_not_of(kWhite), rest.size()));
  rest.remove_prefix(word.white.size());
  word.text = rest.substr(0, std::min(rest.find_first_of(kWhite), rest.size()));
  rest.remove_prefix(word.text.size());
  return word;
}

}  // namespace

bool has_eight_bit(std::string_view text) { return std::any_of(text.begin(), text.end(), is_eight_bit); }

std::string encoded_text(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c != '\r' && c != '\n') line.push_back(c);
  }
  return encoded_words(line, is_utf8(line) ? "utf-8" : "unknown-8bit");
}

// Neighbouring words with 8-bit octets are encoded together, because readers do not show white space between encoded-words. For the same
// reason the white space between them and an existing encoded-word is encoded, too.
std::string encoded_unstructured(std::string_view value) {
  std::string out;
  std::string run;
  bool after_encoded_word = false;
  while (!value.empty()) {
    const Word word = take_word(value);
    if (has_eight_bit(word.text)) {
      const bool joins = !run.empty() || after_encoded_word;
      if (run.empty()) out.append(word.white);
      run.append(joins ? word.white : "").append(word.text);
      continue;
    }
    const bool is_word = is_encoded_word(word.text);
    if (!run.empty()) out.append(encoded_text(run + (is_word ? " " : "")));
    run.clear();
    out.append(word.white).append(word.text);
    after_encoded_word = is_word;
  }
  return run.empty() ? out : out.append(encoded_text(run));
}

}  // namespace mxpress::proto
