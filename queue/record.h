// The one record format of journal segments and message files: a fixed header, content, protobuf meta. docs/spool.md has the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::queue {

enum class RecordType : std::uint8_t {
  segment = 1,        // begins a journal segment
  accepted = 2,       // a message with its content
  accepted_file = 3,  // a message whose content is in its message file
  attempt = 4,
  action = 5,
  told = 6,  // in message files only
  site = 7,
  ended = 8,
};

inline constexpr std::size_t kRecordHeader = 72;                      // octets
inline constexpr std::uint64_t kPage = 4096;                          // every batch begins at a multiple of it
inline constexpr std::uint32_t kMaxMeta = 64u << 20;                  // octets
inline constexpr std::uint64_t kMaxContent = std::uint64_t{1} << 40;  // octets
inline constexpr std::uint64_t kMaxStates = 128u << 20;               // octets of the records behind a message in its file

// The place of a record. Segment 0: in the message's own file.
struct Location {
  std::uint32_t segment = 0;
  std::uint32_t offset_by_8 = 0;
  std::uint64_t offset() const { return std::uint64_t{offset_by_8} * 8; }
};

struct RecordHeader {
  RecordType type = RecordType::segment;
  std::uint64_t salt = 0;            // of the file: a record with another salt was copied from elsewhere and is void
  std::uint64_t batch = 0;           // 0 in message files
  std::uint64_t offset = 0;          // of the record in its file
  std::uint64_t id = 0;              // message, or number of the segment
  std::uint64_t content_size = 0;    // octets
  std::uint32_t meta_size = 0;       // octets
  std::uint32_t meta_crc = 0;        // CRC32C
  std::uint32_t content_crc = 0;     // CRC32C
  std::uint32_t sequence = 0;        // of the message's states; a record that is not newer than the known state is skipped
  std::uint32_t batch_distance = 0;  // octets / 8 from the beginning of the batch

  std::uint64_t size() const;  // of the whole record, padded to a multiple of 8
  std::uint64_t meta_offset() const { return offset + kRecordHeader + content_size; }
  std::uint64_t content_offset() const { return offset + kRecordHeader; }
};

// The limits of a record, for writer and reader: every record that was written can be read. Check them before the sizes are put into a
// header, whose fields are narrower. The error is permanent.
Status check_sizes(std::uint64_t meta_octets, std::uint64_t content_octets);

using RecordBytes = std::array<char, kRecordHeader>;
RecordBytes encode(const RecordHeader& header);
// Nullopt unless magic, version, type, checksum and bounds are right. `bytes` may be longer.
std::optional<RecordHeader> decode_record(std::string_view bytes);

// The end of the synced part of a segment; the rest is void.
struct SegmentEnd {
  std::uint64_t segment = 0;
  std::uint64_t end = 0;  // octets
};

// The number of the daemon's start that gave this id.
inline std::uint64_t run_of(proto::QueueId id) { return id.value >> 40; }

// Zeros that pad to a multiple of 8, and from one batch to the next.
std::string_view padding(std::uint64_t size);
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace mxpress::queue
