// The name that an attachment has for its reader.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::mta::compose {

// The base name of a path in valid UTF-8, of at most 255 octets and never empty. Characters that change how the text around them is shown
// (directions, line separators) are removed. Control characters, backslashes, and octets that are no UTF-8 become "_".
std::string name_for_reader(std::string_view path);
// True if HTML can refer to a part of this name by "cid:NAME" without escapes: ASCII letters, digits, ".", "-" and "_". RFC 2392
bool is_plain_name(std::string_view name);

}  // namespace mxpress::mta::compose
