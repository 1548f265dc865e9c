// xtext: the encoding of arbitrary printable text in DSN parameters. RFC 3461 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mxpress::proto {

// Printable ASCII without space, '+' and '=', and "+XX" with capital hexadecimal digits.
bool is_xtext(std::string_view text);
// The decoded text (any octets: clean it before showing it); nullopt if this is not xtext.
std::optional<std::string> decode_xtext(std::string_view text);
std::string encode_xtext(std::string_view text);

}  // namespace mxpress::proto
