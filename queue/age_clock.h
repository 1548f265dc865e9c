// How long mail has waited, whatever the wall clock says: a clock that only mxpress turns, kept in the spool's file `age`.
#pragma once

#include <atomic>
#include <functional>

#include "proto/time.h"
#include "queue/disk.h"

namespace mxpress::queue {

// Goes with the time since boot while a daemon has the spool. Time between two runs counts as the wall clock tells it, but neither less
// than nothing nor more than kLongestGap: a host that boots in 1970 or 2106 makes no message older than one that boots tomorrow.
// Threads: now() and mark_is_due() any; the rest one.
class AgeClock {
 public:
  static constexpr Duration kLongestGap = std::chrono::hours(24);
  static constexpr Duration kMarkInterval = std::chrono::minutes(10);

  struct Sources {
    std::function<WallTime()> wall;
    std::function<Duration()> since_boot;  // never steps back
  };

  // Goes on from the last mark; from 1 ms in a new spool or when the file is lost: then older mail only lives longer.
  AgeClock(Disk& disk, const Path& root, Sources sources);

  // Since the spool was made, without what went beyond kLongestGap. At least 1 ms.
  Duration now() const;
  bool mark_is_due() const;
  // What has passed so far survives. Durable; an error costs no more than the time since the last mark.
  Status mark();

 private:
  Disk& disk_;
  const Path file_;
  const Sources sources_;
  Duration at_open_{1};
  Duration opened_;               // since boot
  std::atomic<Duration> marked_;  // since boot
};

}  // namespace mxpress::queue
