// Finds the hosts of a destination's route.
#pragma once

#include <random>

#include "dns/targets.h"
#include "mta/routing/route.h"

namespace mxpress::mta::delivery {

// Asks the DNS. Hosts of a route are tried in the order of the configuration; hosts that cannot be found are left out if others can. A
// route without any findable host is a configuration error: it is logged, and never fails mail permanently. `resolver`, `rules` and
// `random` must outlive the coroutine.
Task<dns::Targets> find_next_hops(dns::Resolver& resolver, proto::Domain domain, routing::Route route, const dns::TargetRules& rules,
                                  std::mt19937_64& random);

}  // namespace mxpress::mta::delivery
