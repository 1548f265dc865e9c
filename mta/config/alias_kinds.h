// Values of [local]: aliases, and what becomes of mail for names that nobody has.
#pragma once

#include <map>
#include <string>

#include "mta/config/config_kinds.h"

namespace mxpress::mta::config {

// A table of names, and one target or a list of them for each.
Kind<std::map<std::string, std::vector<std::string>>> aliases();
Kind<UnknownUsers> unknown_users();
Kind<boost::filesystem::path> path_or_none();  // and ""

}  // namespace mxpress::mta::config
