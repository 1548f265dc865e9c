// Unstructured header text in ASCII. RFC 2047 5 (1).
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

bool has_eight_bit(std::string_view text);

// Encoded-words for the whole text, whose folds vanish: in UTF-8, or in "unknown-8bit" (RFC 1428) where it is none.
std::string encoded_text(std::string_view text);

// Only the words with 8-bit octets become encoded-words. Linear time.
std::string encoded_unstructured(std::string_view value);

}  // namespace mxpress::proto
