// The state of rate limits, for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/time.h"

namespace mxpress::mta::rates {

struct LimitStatus {
  std::string limit;       // "100/h", "500 recipients/d"
  std::uint64_t used = 0;  // in the current period, including deliveries in progress
  std::uint64_t most = 0;
};

struct AccountStatus {
  std::string routes;  // "route office"
  std::vector<LimitStatus> limits;
  std::optional<WallTime> next{};  // nothing may be sent until then
};

}  // namespace mxpress::mta::rates
