// People in header fields: a name and an address each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/result.h"

namespace mxpress::mta::compose {

struct Correspondent {
  std::string name;     // UTF-8; may be empty
  std::string address;  // "user@example.org", with the domain in A-labels; or a local part alone, which mxpressd completes
};

// An address list as users write it: "Jörg Müller <joerg@example.org>, root". UTF-8. Error: the first text that is no address, a control
// character, or a list that two readers understand differently.
Result<std::vector<Correspondent>> read_correspondents(std::string_view list);

}  // namespace mxpress::mta::compose
