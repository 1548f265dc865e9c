// A queued message as values: what is durable about it, for delivery, notices and `mxpress show`.
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
  pending,  // has a next try, or a worker is at it
  delivered,
  notice_pending,  // failed or expired; the notice that tells the sender is not yet durable
  ended,           // failed or expired, and the sender has been told (or is not to be)
  removed,         // by the operator
};

// RecipientState::next_try after an operator's retry, until the next attempt is recorded: due, and its site may be asked although it is in
// backoff. Differs from WallTime{}, which a recipient has that was never tried.
inline constexpr WallTime kRetryWanted{Duration(1)};

// The durable state of one recipient; same order as Envelope::recipients.
struct RecipientState {
  RecipientStage stage = RecipientStage::pending;
  std::uint32_t attempts = 0;  // that reached a verdict on this recipient
  WallTime next_try{};         // while pending; not before it
  bool delay_notice_sent = false;
  bool expired = false;                   // why it failed: time was up
  std::optional<proto::HostResult> last;  // the most telling result so far
  WallTime last_time{};
};

// One attempt for some recipients (those of one destination), with each host that was tried.
struct Attempt {
  WallTime time{};
  std::vector<std::uint32_t> recipients;  // indices
  std::vector<proto::HostAttempt> hosts;
};

// Reads the content, wherever it lies: journal, message file, or memory. Any thread; blocking (page cache or disk).
class Content {
 public:
  virtual ~Content() = default;
  virtual std::uint64_t size() const = 0;  // octets
  // Fills `buffer` from `offset` as far as the content goes; returns the octets read. An error: I/O, or damage found by verify().
  virtual Result<std::size_t> read(std::uint64_t offset, char* buffer, std::size_t size) const = 0;
  // Reads everything and compares with the checksum made at intake. To be called before MAIL.
  virtual Status verify() const = 0;
  // The same for what has been read: is this all of it, as it was?
  virtual Status verify(std::string_view whole) const = 0;
  // The same for octets whose CRC-32C this is.
  virtual Status verify_crc(std::uint32_t crc) const = 0;
  // All of it, where nothing has to be read for it; lives as long as this.
  virtual std::optional<std::string_view> in_memory() const { return std::nullopt; }
  // A file that has it, with nothing of other messages. The content never changes, what is around it may.
  struct Place {
    int descriptor = -1;  // valid as long as this
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
  std::shared_ptr<const Content> content;  // shared: a session may still send what the spool already ends; null for an ended message
  bool ended = false;
  WallTime ended_at{};
};

// Nothing of it waits, and nobody is to be told: it has ended, or does so as soon as its last outcome is durable.
inline bool is_finished(const Message& message) {
  return message.ended || std::all_of(message.recipients.begin(), message.recipients.end(), [](const RecipientState& state) {
           return state.stage != RecipientStage::pending && state.stage != RecipientStage::notice_pending;
         });
}

}  // namespace mxpress::queue
