// Reads encoded-words.
#include "proto/encoded_word.h"

#include <algorithm>
#include <utility>

#include "proto/ascii.h"
#include "proto/encoding.h"

namespace mxpress::proto {
namespace {

std::optional<std::string> decoded(const EncodedWord& word) {
  const std::string charset = lower_case(word.charset.substr(0, word.charset.find('*')));
  if (charset != "utf-8" && charset != "utf8" && charset != "us-ascii") return std::nullopt;
  return word.encoding == 'b' ? decoded_base64(word.text) : decoded_q(word.text);
}

}  // namespace

std::optional<EncodedWord> leading_encoded_word(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const auto charset_end = text.substr(0, 2 + kMaxCharset + 1).find('?', 2);
  if (charset_end == std::string_view::npos || text.size() < charset_end + 5 || text[charset_end + 2] != '?') return std::nullopt;
  EncodedWord word;
  word.charset = text.substr(2, charset_end - 2);
  word.encoding = to_lower(text[charset_end + 1]);
  if (word.charset.empty() || (word.encoding != 'b' && word.encoding != 'q')) return std::nullopt;
  const auto text_begin = charset_end + 3;
  const auto end = text.find_first_of("? \t", text_begin);
  if (end == std::string_view::npos || !text.substr(end).starts_with("?=")) return std::nullopt;
  word.text = text.substr(text_begin, end - text_begin);
  word.size = end + 2;
  return word;
}

std::string with_words_decoded(std::string_view text) {
  std::string all, blanks;  // blanks: behind a word that was decoded
  while (!text.empty()) {
    const auto word = leading_encoded_word(text);
    if (const auto octets = word ? decoded(*word) : std::nullopt) {
      all += *octets;
      text.remove_prefix(word->size);
      const auto next = std::min(text.find_first_not_of(" \t"), text.size());
      blanks = text.substr(0, next);
      text.remove_prefix(next);
    } else {
      all.append(std::exchange(blanks, {})).push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return all + blanks;
}

}  // namespace mxpress::proto
