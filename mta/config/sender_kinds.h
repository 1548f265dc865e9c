// The types of value in [sender].
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mta/config/config_kinds.h"

namespace mxpress::mta::config {

Kind<std::vector<LocalUser>> local_users();  // asks the system for the uids of names
Kind<SenderConfig::Others> others();

// "user@example.org", "@example.org" or "*", as keys of a SenderTable.
Result<std::string> parse_sender_pattern(std::string_view text);

}  // namespace mxpress::mta::config
