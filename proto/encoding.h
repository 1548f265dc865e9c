// Transfer encodings. RFC 2045 6.7, 6.8, RFC 2047.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

// In one line.
std::string base64(std::string_view octets);
// In lines of 76 with CRLF.
std::string base64_lines(std::string_view octets);
// CRLF in the text stay line ends, everything else is encoded where needed; lines of at most 76. Lines never begin with ".", "From " or
// "--" (a boundary).
std::string quoted_printable(std::string_view text);
bool is_utf8(std::string_view text);

}  // namespace mxpress::proto
