// The reason why a site or the lookup of a destination backs off, as a value.
#pragma once

#include <optional>

#include "proto/outcome.h"

namespace mxpress::mta::delivery {

// The failure as the probing message had it.
struct SiteFailure {
  proto::HostResult result;
  std::optional<WallTime> since{};  // start of its failures, if that was in this run
  bool is_own_fault = false;        // a refusal for good for which mail is kept: RetryPolicy::own_fault_lifetime
};

}  // namespace mxpress::mta::delivery
