// The form of address lists that mail hosts on the way leave as it is, so that a signature over them stays good. RFC 5322 3.4
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

// Whether canonical_list() would change nothing: nearly always. A list that it takes for changed may be canonical all the same.
bool is_surely_canonical_list(std::string_view value);

// The value of an address field with one blank behind a comma and none before it, a blank before "<", and quotes around a name that needs
// them: `J. Doe<a@x>,b@y` becomes `"J. Doe" <a@x>, b@y`. Names with encoded words (RFC 2047), comments, folds or characters outside ASCII
// stay as they are, and so do a list's folds. `value`: is_readable_address_list().
std::string canonical_list(std::string_view value);

}  // namespace mxpress::proto
