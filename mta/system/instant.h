// The schedule's clock, and how its moments are told on the others.
#pragma once

#include "dns/async.h"
#include "queue/instant.h"

namespace mxpress::mta::system {

// Milliseconds since boot. Any thread.
queue::Instant instant_now();
BootTime to_boot_time(queue::Instant instant);
// Between the two clocks, by how far away the moment is now.
WallTime to_wall(queue::Instant instant);

}  // namespace mxpress::mta::system
