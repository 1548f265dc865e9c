// The time when jobs without room are checked again: room in the log, for a long list of recipients, or at their mail hosts.
#pragma once

#include <algorithm>

#include "queue/instant.h"

namespace mxpress::mta::delivery {

// At least `shortest` later, and `apart` from each other, for any number of jobs. Thread: one.
class Pause {
 public:
  Pause(Duration shortest, Duration apart) : shortest_(shortest), apart_(apart) {}
  queue::Instant next(queue::Instant now) { return next_ = std::max(now + shortest_, next_ + apart_); }

 private:
  const Duration shortest_, apart_;
  queue::Instant next_{};
};

}  // namespace mxpress::mta::delivery
