// The form of address lists that mail hosts on the way leave unchanged, so that a signature over them stays valid. RFC 5322 3.4
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

// True if canonical_list() would certainly change nothing, which is the usual case. It may be false for a canonical list.
bool is_surely_canonical_list(std::string_view value);

// The value of an address field with one blank behind a comma and none before it, a blank before "<", and quotes around a name that needs
// them: `J. Doe<a@x>,b@y` becomes `"J. Doe" <a@x>, b@y`. Names with encoded words (RFC 2047), comments, folds or characters outside ASCII
// are unchanged, and so are the folds of the list. `value` must pass is_readable_address_list().
std::string canonical_list(std::string_view value);

}  // namespace mxpress::proto
