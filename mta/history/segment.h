// Segments: files of the history, in which records follow each other. NUMBER.log, with an index NUMBER.idx once it is complete.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/text_hash.h"
#include "proto/time.h"
#include "queue/disk.h"

namespace mxpress::mta::history {

inline constexpr std::uint64_t kMostOfSegment = 16u << 20;  // octets: offsets have 24 bits
inline constexpr std::uint64_t kSegmentHead = 32;           // octets before the first record

struct SegmentHead {
  proto::HashKey secret;
  WallTime started{};
};
std::string encode(const SegmentHead& head);
Result<SegmentHead> read_head(const queue::File& file);

struct SegmentName {
  std::uint64_t number = 0;
  bool is_indexed = false;
};
queue::Path segment_file(const queue::Path& folder, std::uint64_t number);
queue::Path index_file(const queue::Path& folder, std::uint64_t number);
// The segments in the folder, oldest first; none if the folder does not exist.
Result<std::vector<SegmentName>> segments_in(queue::Disk& disk, const queue::Path& folder);

// Calls `use` with the offset and payload of each record, until it returns false. Returns the end of the last whole record: a torn or
// damaged one ends the segment. `charge` gets the octets read.
Result<std::uint64_t> scan(
    const queue::File& file, const std::function<bool(std::uint64_t offset, std::string_view payload)>& use,
    const std::function<void(std::size_t octets)>& charge = [](std::size_t) {});
// The payload of the record at this offset in `buffer`; empty: there is none.
std::string_view read_record(const queue::File& file, std::uint64_t offset, std::string& buffer);

}  // namespace mxpress::mta::history
