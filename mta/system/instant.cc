// The schedule's clock.
#include "mta/system/instant.h"

namespace mxpress::mta::system {

queue::Instant instant_now() { return queue::Instant(std::chrono::duration_cast<Duration>(Clock::current().since_boot())); }

BootTime to_boot_time(queue::Instant instant) {
  return BootTime(std::chrono::duration_cast<BootTime::duration>(instant.time_since_epoch()));
}

WallTime to_wall(queue::Instant instant) { return Clock::current().wall() + (instant - instant_now()); }

}  // namespace mxpress::mta::system
