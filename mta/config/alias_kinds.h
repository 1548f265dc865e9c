// Values of [local]: aliases, and the handling of mail for unknown names.
#pragma once

#include <map>
#include <string>

#include "mta/config/config_kinds.h"

namespace mxpress::mta::config {

// A table of names, and one target or a list of them for each.
Kind<std::map<std::string, std::vector<std::string>>> aliases();
Kind<UnknownUsers> unknown_users();
Kind<boost::filesystem::path> path_or_none();  // also ""

}  // namespace mxpress::mta::config
