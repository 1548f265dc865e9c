// When jobs whose owners have no room in the log are looked at again.
#pragma once

#include <algorithm>
#include <chrono>

#include "queue/schedule.h"

namespace mxpress::mta::delivery {

// A second later at the earliest, and no more than a thousand of them in a second, however many wait. Thread: one.
class LogPause {
 public:
  queue::Instant next(queue::Instant now) { return next_ = std::max(now + std::chrono::seconds(1), next_ + std::chrono::milliseconds(1)); }

 private:
  queue::Instant next_{};
};

}  // namespace mxpress::mta::delivery
