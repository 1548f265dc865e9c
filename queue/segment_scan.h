// Finds the records of a journal segment and distinguishes damage from a torn tail. Pure; never trusts a byte.
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
    // True if a later batch was written: the lost data had been acknowledged. Else a torn tail, which nobody was told is durable.
    bool acknowledged = false;
  };
  std::vector<Damage> damages;
  std::uint64_t last_batch = 0;
};

SegmentScan scan_segment(std::string_view bytes);

// `synced_end`: end of the synced part, as the following segment of the same run tells it. Data behind it was refused or written again, so
// it is dropped; damage before it is damage to acknowledged data.
void limit_scan(SegmentScan& scan, std::uint64_t synced_end);

}  // namespace mxpress::queue
