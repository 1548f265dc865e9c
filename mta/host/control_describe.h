// The daemon's values as control messages.
#pragma once

#include "mta/host/control_backend.h"
#include "mta/host/control_messages.h"

namespace mxpress::mta::host {

// "active", "deferred", "held" or "ended".
std::string_view state_of(const queue::Message& message, WallTime now);
control_pb::MessageInfo describe(const queue::Message& message, WallTime now);
control_pb::DestinationInfo describe(const delivery::DestinationStatus& destination);
std::int64_t milliseconds(WallTime time);

}  // namespace mxpress::mta::host
