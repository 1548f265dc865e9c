// Reads a spool's directory into an index without writing anything: message files, then the journal over them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "queue/index.h"
#include "queue/segment_scan.h"

namespace mxpress::queue {

struct Replayed {
  Index index;
  std::vector<QueueId> finished;   // their message file is still there, and can go
  std::vector<QueueId> misplaced;  // their complete file is still in incoming/
  std::vector<QueueId> damaged;    // their message file cannot be read
  struct Region {
    std::string name;  // of the segment or message
    std::shared_ptr<File> file;
    std::uint64_t begin = 0, end = 0;
  };
  std::vector<Region> regions;        // damage in what had been acknowledged
  std::vector<std::string> findings;  // for people
  std::uint64_t losses = 0;           // messages that were acknowledged and cannot be found
};

// The journal segments that exist, in order.
Result<std::vector<std::uint32_t>> list_segments(Disk& disk, const Paths& paths);

// Only the given segments, and no message of `own_run` (0: none), which another thread may be writing.
Result<Replayed> replay(Disk& disk, const Paths& paths, const std::vector<std::uint32_t>& segments, std::uint64_t own_run);

inline std::uint64_t run_of(QueueId id) { return id.value >> 40; }

}  // namespace mxpress::queue
