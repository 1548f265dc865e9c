// The keys that sign this host's mail: [dkim."example.org"].
#pragma once

#include "mta/dkim/key_ring.h"
#include "proto/result.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::routing {

// Reads the key files. The Error names the file, and says what to do. Without [dkim] the ring is empty.
Result<dkim::KeyRing> load_signing_keys(const Config& config);
// Those of one domain, in the order of their selectors.
Result<std::vector<dkim::SigningKey>> load_keys_of(const Config& config, const proto::Domain& domain);

}  // namespace mxpress::mta::routing
