// The file that keeps outages over restarts: `outages` of the spool.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "mta/delivery/outage_spans.h"

namespace mxpress::queue {
class Disk;
}
namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::delivery {

// Any thread.
class OutageRecord {
 public:
  // `disk`: null: nothing is kept. `files`: null: the disk is written at once. Both outlive it.
  OutageRecord(queue::Disk* disk, std::string file, fairness::FileTurns* files) : disk_(disk), file_(std::move(file)), files_(files) {}

  // Nothing: there is none, or it is damaged, which the log tells. Blocks.
  std::optional<OutageSpans::Restored> load(Instant now) const;
  // Writes what `text` gives at the moment of writing: whoever writes last writes the latest. Does not block where there are file threads.
  void save(std::function<std::string()> text);

 private:
  void write(const std::function<std::string()>& text);

  queue::Disk* const disk_;
  const std::string file_;
  fairness::FileTurns* const files_;
  std::mutex writing_;
};

}  // namespace mxpress::mta::delivery
