// The hosts that a destination's route leads to.
#pragma once

#include <random>

#include "dns/targets.h"
#include "mta/routing/route.h"

namespace mxpress::mta::delivery {

// Asks the DNS. Hosts of a route are tried in the order in which the configuration has them; those that cannot be found are left out while
// others can. A route whose hosts cannot be found is a mistake of this side: it never fails for good, and is logged. `resolver`, `rules`
// and `random` outlive the coroutine.
Task<dns::Targets> find_next_hops(dns::Resolver& resolver, proto::Domain domain, routing::Route route, const dns::TargetRules& rules,
                                  std::mt19937_64& random);

}  // namespace mxpress::mta::delivery
