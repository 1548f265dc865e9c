// Constant data shared by the parts of an open spool.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "queue/paths.h"
#include "queue/spool.h"

namespace mxpress::queue {

// Must outlive every part. No function in `options` is empty.
struct SpoolContext {
  Disk& disk;
  const SpoolOptions options;
  const Paths paths;
  const std::uint64_t run;  // number of this start

  void report(const std::string& what) const { options.report(what); }
  // A unique name in incoming/ for an incomplete message file. Any thread.
  std::string part_name() const { return std::to_string(run) + "-" + std::to_string(++parts) + ".part"; }
  mutable std::atomic<std::uint64_t> parts = 0;
};

}  // namespace mxpress::queue
