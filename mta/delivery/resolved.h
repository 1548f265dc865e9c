// The result of a destination's lookup, as workers pass it on to each other.
#pragma once

#include <memory>

#include "dns/targets.h"
#include "mta/transport/session_key.h"

namespace mxpress::mta::delivery {

// A fresh result of another worker.
struct Resolved {
  dns::Targets targets;
  transport::SessionKey key;
  std::shared_ptr<const Config> config;  // whose rules were used
};

}  // namespace mxpress::mta::delivery
