// Encoded-words, one at a time. RFC 2047 2.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mxpress::proto {

// Octets of the name of a character set; longer ones do not leave room for text in an encoded-word.
inline constexpr std::size_t kMaxCharset = 40;

// Views point into the text that it was found in.
struct EncodedWord {
  std::string_view charset;  // and perhaps a language (RFC 2231 5)
  char encoding = 'b';       // or 'q'
  std::string_view text;
  std::size_t size = 0;  // octets of the whole
};

// The encoded-word at the start of the text.
std::optional<EncodedWord> leading_encoded_word(std::string_view text);

// The text with what its encoded-words of UTF-8 and US-ASCII stand for, without the white space between them (RFC 2047 6.2). Others stay as
// they are. Any octets: clean it before showing it.
std::string with_words_decoded(std::string_view text);

}  // namespace mxpress::proto
