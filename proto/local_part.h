// Local parts of mailboxes as they are written. RFC 5321 4.1.2.
#pragma once

#include <cstddef>
#include <string_view>

namespace mxpress::proto {

// Octets of the local part at the start of the text: a quoted-string with its quotes, or atoms and dots in any order. 0 if there is none.
std::size_t local_part_length(std::string_view text);

// Whether the text is a local part and nothing else: an address without a domain.
inline bool is_local_part(std::string_view text) { return !text.empty() && local_part_length(text) == text.size(); }

}  // namespace mxpress::proto
