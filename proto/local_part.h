// Local parts of mailboxes in their written form. RFC 5321 4.1.2.
#pragma once

#include <cstddef>
#include <string_view>

namespace mxpress::proto {

// The length of the local part at the start of the text: a quoted-string with its quotes, or atoms and dots in any order. 0: none.
std::size_t local_part_length(std::string_view text);

// True if the whole text is a local part: an address without a domain.
inline bool is_local_part(std::string_view text) { return !text.empty() && local_part_length(text) == text.size(); }

}  // namespace mxpress::proto
