// A verdict in one sentence: is this host well, degraded, or unable to send?
#pragma once

#include <optional>

#include "proto/time.h"

namespace mxpress::mta {
struct StatusConfig;
}
namespace mxpress::control_pb {
class StatusInfo;
}

namespace mxpress::mta::control {

struct DaemonStatus;

inline constexpr const char* kWell = "well";
inline constexpr const char* kDegraded = "degraded";
inline constexpr const char* kCannotSend = "cannot send";

// Sets verdict and summary from the rest of `info`, the worst problem first. `waiting_since`: of the oldest message that waits for delivery
// and is not held.
void judge_health(control_pb::StatusInfo& info, const DaemonStatus& daemon, const StatusConfig& limits,
                  std::optional<WallTime> waiting_since, WallTime now);

}  // namespace mxpress::mta::control
