// Conversion between the values of the spool and their protobuf bytes. Bytes that do not parse, or hold values out of range, are errors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "queue/changes.h"
#include "queue/record.h"
#include "queue/state.h"

namespace mxpress::queue {

struct SiteRecord;

// The meta of an Accepted record.
struct Accepted {
  proto::Envelope envelope;
  std::string drop_name;
  std::vector<NewMessage::NoticeFor> notice_for;
  Duration accepted_at{};  // on the spool's age clock; 0: not known
};

struct SegmentInfo {
  std::uint64_t run = 0;
  // Ends of earlier segments of this run that no older synced record tells; the previous segment is the last.
  std::vector<SegmentEnd> ended{};
};

std::string encode(const Accepted& accepted);
std::string encode(const StateChange& change);
std::string encode(const SiteRecord& site);
std::string encode(const SegmentInfo& segment);
std::string encode_ended(WallTime time);

Result<Accepted> decode_accepted(std::string_view bytes);
// `type` is attempt, action or told; the message id of a settlement is the record's.
Result<StateChange> decode_change(RecordType type, QueueId id, std::string_view bytes);
Result<SiteRecord> decode_site(std::string_view bytes);
Result<SegmentInfo> decode_segment(std::string_view bytes);
Result<WallTime> decode_ended(std::string_view bytes);

RecordType record_type(const StateChange& change);

}  // namespace mxpress::queue
