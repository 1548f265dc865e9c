// When jobs for which there is no room, in the log or for a long list of recipients, are looked at again.
#pragma once

#include <algorithm>
#include <chrono>

#include "queue/schedule.h"

namespace mxpress::mta::delivery {

// A second later at the earliest, and no more than a thousand of them in a second, however many wait. Thread: one.
class RoomPause {
 public:
  queue::Instant next(queue::Instant now) { return next_ = std::max(now + std::chrono::seconds(1), next_ + std::chrono::milliseconds(1)); }

 private:
  queue::Instant next_{};
};

}  // namespace mxpress::mta::delivery
