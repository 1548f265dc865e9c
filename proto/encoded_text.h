// Unstructured header text in ASCII. RFC 2047 5 (1).
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

bool has_eight_bit(std::string_view text);

// The whole text as encoded-words, without its folds: in UTF-8, or in "unknown-8bit" (RFC 1428) if it is not UTF-8.
std::string encoded_text(std::string_view text);

// Encodes only the words with 8-bit octets. Linear time.
std::string encoded_unstructured(std::string_view value);

}  // namespace mxpress::proto
