// The daemon's values as control messages.
#pragma once

#include "mta/host/control_backend.h"
#include "mta/host/control_messages.h"

namespace mxpress::mta::host {

// "active", "deferred", "held" or "ended".
std::string_view state_of(const queue::Message& message, WallTime now);
control_pb::MessageInfo describe(const queue::Message& message, WallTime now);
// Says of the recipient if one of these attempts is for this message.
void add_flights(control_pb::RecipientInfo& info, queue::QueueId message, const std::vector<delivery::Flight>& flights);
control_pb::DestinationInfo describe(const delivery::DestinationStatus& destination);
std::int64_t milliseconds(WallTime time);

}  // namespace mxpress::mta::host
