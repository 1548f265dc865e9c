// The age of mail, independent of the wall clock: a clock that only mxpress advances, kept in the spool's file `age`.
#pragma once

#include <atomic>
#include <functional>

#include "proto/time.h"
#include "queue/disk.h"

namespace mxpress::queue {

// Follows the time since boot while a daemon has the spool. The time between two runs is taken from the wall clock, but is at least 0 and
// at most kLongestGap: a host that boots with its clock in 1970 or 2106 makes no message older than one that boots a day later. Threads:
// now() and mark_is_due() any; the rest one.
class AgeClock {
 public:
  static constexpr Duration kLongestGap = std::chrono::hours(24);
  static constexpr Duration kMarkInterval = std::chrono::minutes(10);

  struct Sources {
    std::function<WallTime()> wall;
    std::function<Duration()> since_boot;  // never steps back
  };

  // Continues from the last mark; from 1 ms in a new spool or if the file is lost: then older mail only lives longer.
  AgeClock(Disk& disk, const Path& root, Sources sources);

  // Time since the spool was made, without the part of gaps beyond kLongestGap. At least 1 ms.
  Duration now() const;
  bool mark_is_due() const;
  // Records the age reached so far. Durable; an error costs no more than the time since the last mark.
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
