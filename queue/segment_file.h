// Which journal segments a spool has, in the order in which they were written, whatever their files are called.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "queue/codec.h"
#include "queue/finding.h"
#include "queue/paths.h"

namespace mxpress::queue {

struct SegmentFile {
  std::uint32_t name = 0;    // the number in the name of the file
  std::uint32_t number = 0;  // the number that its first record tells; that of the name where that record is damaged
  SegmentInfo info{};        // run 0: the first record is damaged
};

struct SegmentList {
  std::vector<SegmentFile> files;  // by number
  std::uint32_t highest = 0;       // number that any name there or any first record tells: the next segment needs a higher one
  std::vector<Finding> findings;   // what is out of order
};

// Error: a segment cannot be opened. Without it nobody knows what has been delivered already.
Result<SegmentList> list_segments(Disk& disk, const Paths& paths);

inline constexpr std::uint64_t kMaxSegment = 128u << 20;  // octets; no segment is written as large as this

struct SegmentBytes {
  std::shared_ptr<File> file;
  std::uint64_t size = 0;        // of the file
  std::string bytes;             // zeros where the disk could not read; without most of those at the end
  std::uint64_t unreadable = 0;  // octets
};
// At most so much of it as any segment has.
Result<SegmentBytes> read_segment(Disk& disk, const Path& path);

}  // namespace mxpress::queue
