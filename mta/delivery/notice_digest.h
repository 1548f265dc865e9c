// Failure notices to root: one by one while they are few, then one message in an hour for all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proto/envelope.h"
#include "proto/queue_id.h"
#include "queue/changes.h"
#include "queue/instant.h"

namespace mxpress::queue {
struct Message;
}
namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::delivery {

// Decides which failures are told alone, and which in the digest. State of this run; pending notices are in the spool. Pure. Thread: one.
class NoticeDigest {
 public:
  static constexpr std::size_t kAlone = 10;  // notices in any hour
  static constexpr Duration kHour = std::chrono::hours(1);
  static constexpr std::size_t kMostMessages = 5000;  // of one digest; the rest is for the next one, which follows at once

  // Whether failures of mail from this sender are root's.
  static bool is_for(const Config& config, const proto::ReversePath& reverse_path);

  // True: the notice of this message goes alone, and is counted. Else the message waits for the digest.
  bool may_go_alone(proto::QueueId message, queue::Instant now);
  bool waits(proto::QueueId message) const { return waiting_.contains(message); }
  // When the digest of those that wait is due.
  queue::Instant due() const { return due_; }
  // The first of them, to be composed now. Whoever comes while it is composed waits for the next one.
  std::vector<proto::QueueId> begin();
  bool is_being_composed() const { return is_being_composed_; }
  // These are told, or need not be.
  void end(const std::vector<proto::QueueId>& told, queue::Instant now);
  // It could not be stored, and is due again at `again`.
  void failed(queue::Instant again);

 private:
  std::vector<queue::Instant> alone_;  // in the last hour
  std::set<proto::QueueId> waiting_;
  queue::Instant due_{};
  std::optional<queue::Instant> last_{};  // digest
  bool is_being_composed_ = false;
};

// The message: in words it lists the first hundred recipients, and in a second part all, a line for each.
class DigestText {
 public:
  static constexpr std::size_t kMost = 200'000;  // octets

  explicit DigestText(const Config& config) : config_(config) {}

  // False: there is no room for it any more, and nothing has changed. The first always has: of too many recipients the others are counted.
  bool add(const queue::Message& message, const std::vector<std::uint32_t>& recipients);
  std::size_t messages() const { return notice_for_.size(); }
  const std::vector<queue::NewMessage::NoticeFor>& told() const { return notice_for_; }
  // Ready to be stored: in the same step no notice for these recipients is pending any more. At least one was added.
  queue::NewMessage message(queue::QueueId id, std::uint64_t boundary) const;

 private:
  std::string header(queue::QueueId id, const std::string& mark) const;

  const Config& config_;
  std::optional<proto::Mailbox> to_;
  proto::ShareOwner owner_;
  std::vector<queue::NewMessage::NoticeFor> notice_for_;
  std::string words_, rows_;
  std::size_t count_ = 0, unlisted_ = 0;  // recipients; of these, without a line
};

}  // namespace mxpress::mta::delivery
