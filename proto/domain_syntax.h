// Checks the octets of a name before it is converted: can it be a domain at all?
#pragma once

#include <cstddef>
#include <string_view>

namespace mxpress::proto {

inline constexpr std::size_t kMaxName = 255;   // RFC 5321 4.5.3.1.2: octets, as A-labels
inline constexpr std::size_t kMaxALabel = 63;  // RFC 1035 2.3.4
// Octets of UTF-8. A U-label has at most 59 characters: its A-label has "xn--", and one character or more for each (RFC 3492 6.3). In NFC a
// character takes at most 4 octets, in NFD at most 9 (U+AC01).
inline constexpr std::size_t kMaxULabel = 59 * 9;
// Octets of UTF-8 of a whole name: 4 for each character.
inline constexpr std::size_t kMaxNameText = 1024;

// Removes the first label from the text, with the dot behind it: '.', or a character that IDNA treats as one (RFC 3490 3.1).
std::string_view take_label(std::string_view& text);

// The syntax of a host name without conversion: labels of letters, digits, '-', '_' and UTF-8, within the bounds above, perhaps a dot at
// the end; no bare address. Every name that Domain::parse() accepts has this syntax; a name with U-labels that has it may still be refused.
bool has_name_syntax(std::string_view text);

}  // namespace mxpress::proto
