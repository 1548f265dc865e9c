// Makes remote text safe for logs, notices, header fields and terminals.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mxpress::proto {

// Printable ASCII of at most `max` octets: tabs and line ends become one space, other control characters (DEL and the
// lead byte of an escape sequence included) are removed, each octet over 127 becomes '?'.
std::string printable(std::string_view text, std::size_t max);
// The same in UTF-8, of which valid sequences stay, but for control characters and such as change how the text around them is shown
// (directions, line separators, what is not seen). Cut in front of a character.
std::string printable_utf8(std::string_view text, std::size_t max);
// The same, but control characters, and octets that are no UTF-8, are shown as "\xNN": evidence of what a peer has sent. At most `max`
// octets, then " [...]".
std::string visible_utf8(std::string_view text, std::size_t max);
// Whether it is as it is, but for its length.
bool is_printable(std::string_view text);

}  // namespace mxpress::proto
