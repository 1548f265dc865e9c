// A queued message as values: its durable state, for delivery, notices and `mxpress show`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/envelope.h"
#include "proto/outcome.h"
#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::queue {

using proto::QueueId;

enum class RecipientStage {
  pending,  // has a next try, or is being delivered
  delivered,
  notice_pending,  // failed or expired; the notice to the sender is not yet durable
  ended,           // failed or expired, and the sender has been notified (or is not to be)
  removed,         // by the operator
};

// RecipientState::next_try after an operator's retry, until the next attempt is recorded: due, and its site may be tried although it is in
// backoff. Differs from WallTime{}, the value of a recipient that was never tried.
inline constexpr WallTime kRetryWanted{Duration(1)};

// The durable state of one recipient; same order as Envelope::recipients.
struct RecipientState {
  RecipientStage stage = RecipientStage::pending;
  std::uint32_t attempts = 0;  // attempts with a verdict on this recipient
  WallTime next_try{};         // while pending; not before it
  bool delay_notice_sent = false;
  bool expired = false;                   // it failed because its time was up
  std::optional<proto::HostResult> last;  // the most telling result so far
  WallTime last_time{};
};

// One attempt for some recipients of one destination, with each host that was tried.
struct Attempt {
  WallTime time{};
  std::vector<std::uint32_t> recipients;  // indices
  std::vector<proto::HostAttempt> hosts;
};

// Reads the content from its place: journal, message file, or memory. Any thread; blocking (page cache or disk).
class Content {
 public:
  virtual ~Content() = default;
  virtual std::uint64_t size() const = 0;  // octets
  // Fills `buffer` from `offset` up to the end of the content; returns the octets read. Error: I/O, or damage found by verify().
  virtual Result<std::size_t> read(std::uint64_t offset, char* buffer, std::size_t size) const = 0;
  // Reads everything and compares it with the checksum made at intake. Call it before MAIL.
  virtual Status verify() const = 0;
  // Verifies content that has been read already: is it complete and unchanged?
  virtual Status verify(std::string_view whole) const = 0;
  // Verifies content by its CRC-32C.
  virtual Status verify_crc(std::uint32_t crc) const = 0;
  // The whole content if nothing has to be read for it; valid as long as this object.
  virtual std::optional<std::string_view> in_memory() const { return std::nullopt; }
  // A range of a file that holds only this content. The content never changes; the file around it may.
  struct Place {
    int descriptor = -1;  // valid as long as this object
    std::uint64_t offset = 0;
  };
  virtual std::optional<Place> in_file() const { return std::nullopt; }
};

struct Message {
  QueueId id;
  proto::Envelope envelope;
  bool held = false;
  Duration accepted_at{};  // on the spool's age clock; 0: not known
  std::vector<RecipientState> recipients;
  std::vector<Attempt> attempts;           // the latest 50, oldest first
  std::shared_ptr<const Content> content;  // shared: a session may still send content that the spool has ended; null for an ended message
  bool ended = false;
  WallTime ended_at{};
};

// True if no recipient waits and no notice is pending: it has ended, or ends once its last outcome is durable.
inline bool is_finished(const Message& message) {
  return message.ended || std::all_of(message.recipients.begin(), message.recipients.end(), [](const RecipientState& state) {
           return state.stage != RecipientStage::pending && state.stage != RecipientStage::notice_pending;
         });
}

}  // namespace mxpress::queue
