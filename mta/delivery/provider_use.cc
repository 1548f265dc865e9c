// Asks the pools of all providers.
#include "mta/delivery/provider_use.h"

#include "mta/replies/rule_set.h"
#include "mta/transport/provider_terms.h"
#include "mta/transport/target_connections.h"

namespace mxpress::mta::delivery {

std::vector<ProviderUse> providers_in_use(const replies::RuleSet& rules, const transport::TargetConnections& connections) {
  std::vector<ProviderUse> all;
  for (const replies::ProviderLimits& limits : rules.limits()) {
    const auto use = connections.use_of(transport::pool_of(limits.name));
    if (use.open + use.waiting > 0) all.push_back({limits.name, use.open, use.bound, use.waiting});
  }
  return all;
}

}  // namespace mxpress::mta::delivery
