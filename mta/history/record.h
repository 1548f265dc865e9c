// Records of the history: one for each event of a message, in a compact form, and those of dialogues, which have a folder of their own. No
// content of mail is kept.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/events/event.h"
#include "proto/share_owner.h"

namespace mxpress::mta::history {

// Stored on disk as a number: append new ones.
enum class RecordKind : std::uint8_t { accepted = 1, attempted, acted, notice, set_aside, dialogue };

inline constexpr std::size_t kFrameHead = 8;            // length and CRC32C of the payload, 4 octets each, least significant first
inline constexpr std::size_t kMostOfFrame = 64 * 1024;  // octets with its head; events with more recipients are split

// Calls `use` with each frame of the event; never for an event that the history does not keep. `scratch` is reused.
void encode(const events::Event& event, WallTime now, std::string& scratch, const std::function<void(std::string_view frame)>& use);

// Whose shares the frames of the event use.
proto::ShareOwner owner_of(const events::Event& event);

// One recipient of a record; refers to the payload.
struct RecipientView {
  std::string_view recipient, original;  // original: the address that an alias has replaced, or empty
  events::Disposition disposition{};
  WallTime next_try{};
  std::string_view result;  // empty: none
};
// Nullopt: no result, or malformed.
std::optional<proto::HostResult> result_of(const RecipientView& recipient);

// A decoded payload, to which it refers.
struct RecordView {
  RecordKind kind{};
  bool continues = false;  // has further recipients of the record before
  proto::QueueId message;
  WallTime time{};
  std::int64_t uid = -1;                // accepted, dialogue: the owner; acted: the operator
  std::uint64_t size = 0;               // accepted: octets; notice: its recipients
  std::uint8_t what = 0;                // acted: queue::ActionKind; notice: queue::NoticeKind
  proto::QueueId notice;                // notice: its own id
  std::string_view sender, message_id;  // notice: `sender` is its addressee
  std::string_view text;                // set_aside: the reason; dialogue: proto::parse_dialogues()
  std::vector<RecipientView> recipients;
};
// False: malformed. `record` may have been used before.
bool decode(std::string_view payload, RecordView& record);

// The payload at the beginning of `octets`; empty: no whole frame, or a damaged one.
std::string_view payload_of(std::string_view octets);

}  // namespace mxpress::mta::history
