// Reads the [[limit]] tables of a file of rules.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "mta/config/config_value.h"
#include "mta/replies/provider_limits.h"

namespace mxpress::mta::replies {

using Complain = std::function<void(std::uint32_t line, const std::string& mistake)>;

// Calls `complain` for each mistake; a table with one must not be used. `value` is a table.
ProviderLimits read_limits(const config::ConfigValue& value, const Complain& complain);

}  // namespace mxpress::mta::replies
