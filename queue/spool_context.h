// What the parts of an open spool share, and none of them changes.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "queue/paths.h"
#include "queue/spool.h"

namespace mxpress::queue {

// Outlives every part. `options` have no empty function.
struct SpoolContext {
  Disk& disk;
  const SpoolOptions options;
  const Paths paths;
  const std::uint64_t run;  // number of this start

  void report(const std::string& what) const { options.report(what); }
  // A name in incoming/ for a message file that is not complete, new each time. Any thread.
  std::string part_name() const { return std::to_string(run) + "-" + std::to_string(++parts) + ".part"; }
  mutable std::atomic<std::uint64_t> parts = 0;
};

}  // namespace mxpress::queue
