// Stores outages across restarts in the file `outages` of the spool.
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
  // `disk`: null: nothing is stored. `files`: null: the disk is written at once. Both must outlive it.
  OutageRecord(queue::Disk* disk, std::string file, fairness::FileTurns* files) : disk_(disk), file_(std::move(file)), files_(files) {}

  // Nullopt: there is none, or it is damaged, which is logged. Blocks.
  std::optional<OutageSpans::Restored> load(Instant now) const;
  // Writes the result of `text`, called when writing starts: the last write has the latest state. Does not block if there are file threads.
  void save(std::function<std::string()> text);

 private:
  void write(const std::function<std::string()>& text);

  queue::Disk* const disk_;
  const std::string file_;
  fairness::FileTurns* const files_;
  std::mutex writing_;
};

}  // namespace mxpress::mta::delivery
