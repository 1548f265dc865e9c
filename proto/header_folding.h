// Folding of header lines that are longer than 998 octets. RFC 5322 2.1.1, 2.2.3.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

struct FoldedHeader {
  std::string text;
  // True if a line had neither white space nor an encoded-word to fold at: it was broken after 998 octets, so that its value has additional
  // blanks.
  bool is_broken = false;
};

// The header with lines of at most 998 octets. Lines are folded at white space behind the field's name; encoded-words are split (RFC 2047
// 2), and any other text is broken. Blanks at the end of a line, and repeated blanks, are removed where they do not fit. A last line
// without CRLF stays without. Linear time.
FoldedHeader folded_header(std::string_view header);

}  // namespace mxpress::proto
