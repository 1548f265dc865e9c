// Changes of the queue, as values: a new message, the result of an attempt, an action of an operator.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "queue/message.h"

namespace mxpress::queue {

inline constexpr std::uint64_t kInlineContent = 256 * 1024;  // octets; larger content is written to a message file at once

// Content too large for the journal, while it arrives. Owned by one intake. Its file is removed if it is destroyed before it was stored.
// One thread at a time.
class LargeContent {
 public:
  virtual ~LargeContent() = default;
  virtual Status append(std::string_view bytes) = 0;
  virtual std::uint64_t size() const = 0;
};

enum class NoticeKind {
  failure,
  delay,
  success,
  forward,  // not a notice: a copy that replaces pending recipients, by their ~/.forward
};

struct NewMessage {
  proto::Envelope envelope;
  std::string content;                  // our header fields and the received content, up to kInlineContent octets...
  std::unique_ptr<LargeContent> large;  // ...or this (then `content` is empty)
  std::string drop_name;                // name and owner of the drop file it came from; remembered, so that a crash stores nothing twice
  struct NoticeFor {                    // this message is the notice for these recipients of that message, or replaces them
    QueueId message;
    std::vector<std::uint32_t> recipients;
    using Kind = NoticeKind;
    Kind kind = Kind::failure;
  };
  std::vector<NoticeFor> notice_for;  // store and "no notice pending", or "delivered", are one atomic step
};

// The result of an attempt, an expiry or a lookup for some recipients of one message. Recorded as one record.
struct Settlement {
  QueueId message;
  Attempt attempt;  // hosts may be empty (expiry, lookup failure)
  struct Change {
    std::uint32_t recipient = 0;  // index
    RecipientState state;         // the whole new state
  };
  std::vector<Change> changes;
};

// Called with the id of a new message once it is durable, or with the reason why it was not stored.
using Stored = std::function<void(Result<QueueId>)>;

enum class ActionKind { hold, release, retry, remove, bounce };

}  // namespace mxpress::queue
