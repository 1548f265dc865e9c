// Which addresses this host may deliver to: not to itself, unless the configuration allows it.
#pragma once

#include "dns/targets.h"
#include "mta/host/config.h"

namespace mxpress::mta::delivery {

// Cuts loopback, unspecified, multicast, link-local and this host's own addresses unless `[delivery] allow_addresses` has them; an address
// and port that we listen on are always cut. RFC 5321 5.1
dns::TargetRules target_rules(const Config& config, const proto::Domain& domain);

}  // namespace mxpress::mta::delivery
