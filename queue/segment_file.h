// The journal segments of a spool, in the order of writing, independent of their file names.
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
  std::uint32_t number = 0;  // the number in its first record; that of the name if that record is damaged
  SegmentInfo info{};        // run 0: the first record is damaged
};

struct SegmentList {
  std::vector<SegmentFile> files;  // by number
  std::uint32_t highest = 0;       // highest number in any name or first record: the next segment needs a higher one
  std::vector<Finding> findings;   // irregularities
};

// Error: a segment cannot be opened. Without it nobody knows which messages were delivered already.
Result<SegmentList> list_segments(Disk& disk, const Paths& paths);

inline constexpr std::uint64_t kMaxSegment = 128u << 20;  // octets; larger than any segment that is written

struct SegmentBytes {
  std::shared_ptr<File> file;
  std::uint64_t size = 0;        // of the file
  std::string bytes;             // zeros for unreadable octets; without most of the zeros at the end
  std::uint64_t unreadable = 0;  // octets
};
// Reads at most the size that any segment has.
Result<SegmentBytes> read_segment(Disk& disk, const Path& path);

}  // namespace mxpress::queue
