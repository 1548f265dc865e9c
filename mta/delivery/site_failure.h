// Why a site or the lookup of a destination backs off, as a value.
#pragma once

#include <optional>

#include "proto/outcome.h"

namespace mxpress::mta::delivery {

// As the message that was the probe met it.
struct SiteFailure {
  proto::HostResult result;
  std::optional<WallTime> since{};  // when its failures began, if that was in this run
};

}  // namespace mxpress::mta::delivery
