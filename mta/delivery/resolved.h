// What a lookup has found for a destination, as workers hand it on to each other.
#pragma once

#include <memory>

#include "dns/targets.h"
#include "mta/transport/session_key.h"

namespace mxpress::mta::delivery {

// What another worker has just looked up.
struct Resolved {
  dns::Targets targets;
  transport::SessionKey key;
  std::shared_ptr<const Config> config;  // whose rules it follows
};

}  // namespace mxpress::mta::delivery
