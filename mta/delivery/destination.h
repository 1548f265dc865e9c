// Questions about a message and its retry schedule for one destination.
#pragma once

#include <cstdint>
#include <vector>

#include "mta/config/config.h"
#include "mta/routing/destination_name.h"
#include "queue/message.h"
#include "queue/retry.h"

namespace mxpress::mta::delivery {

using routing::DestinationName;
using routing::DestinationRef;

// The indices of the recipients of a message that are still pending at a destination.
std::vector<std::uint32_t> pending_recipients(const queue::Message& message, DestinationRef destination, const Config& config);
// True if there is any.
bool has_pending_recipients(const queue::Message& message, DestinationRef destination, const Config& config);

// The rest of a wait until a wall-clock time read from disk. The wall clock may have been stepped since, so it is at most the wait of the
// destination's schedule after this many failures.
Duration restored_wait(WallTime until, std::uint32_t failures, const queue::RetrySchedule& schedule);

}  // namespace mxpress::mta::delivery
