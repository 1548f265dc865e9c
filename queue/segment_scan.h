// Finds the records of a journal segment and tells damage from a torn tail. Pure; never trusts a byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "queue/record.h"

namespace mxpress::queue {

struct SegmentScan {
  std::vector<RecordHeader> records;  // whole, with right checksums; in the order of the file
  struct Damage {
    std::uint64_t begin = 0, end = 0;
    // A later batch was written: what lay here had been acknowledged. Otherwise a torn tail: nobody was told that it is durable.
    bool acknowledged = false;
  };
  std::vector<Damage> damages;
  std::uint64_t last_batch = 0;
};

SegmentScan scan_segment(std::string_view bytes);

// `synced_end`: the following segment of the same run says how far this one was synced. What lies behind was refused or written again,
// so it is dropped; damage before it is damage to what was acknowledged.
void limit_scan(SegmentScan& scan, std::uint64_t synced_end);

}  // namespace mxpress::queue
