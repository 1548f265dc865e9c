// The schedule's clock, and conversion of its times to the wall clock.
#pragma once

#include "dns/async.h"
#include "queue/instant.h"

namespace mxpress::mta::system {

// Milliseconds since boot. Any thread.
queue::Instant instant_now();
BootTime to_boot_time(queue::Instant instant);
// Converts between the two clocks, by the distance from now.
WallTime to_wall(queue::Instant instant);

}  // namespace mxpress::mta::system
