// The connections to providers with a limit, for operators.
#pragma once

#include <vector>

#include "mta/delivery/deliverer.h"

namespace mxpress::mta::replies {
class RuleSet;
}
namespace mxpress::mta::transport {
class TargetConnections;
}

namespace mxpress::mta::delivery {

// The providers to which connections are open, or awaited. Any thread.
std::vector<ProviderUse> providers_in_use(const replies::RuleSet& rules, const transport::TargetConnections& connections);

}  // namespace mxpress::mta::delivery
