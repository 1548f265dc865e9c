// Failure notices to root: single ones while they are few, then one message per hour for all.
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

// Decides which failures of one owner's mail go into his digest. State of this run; pending notices are in the spool. Pure. Thread: one.
class NoticeDigest {
 public:
  static constexpr std::size_t kAlone = 10;  // notices in any hour
  static constexpr Duration kHour = std::chrono::hours(1);
  static constexpr std::size_t kMostMessages = 5000;  // in one digest; the rest is for the next one, which follows at once

  // True if failures of mail from this sender are reported to root.
  static bool is_for(const Config& config, const proto::ReversePath& reverse_path);

  // True: the notice of this message is sent alone, and counted. Otherwise the message waits for the digest.
  bool may_go_alone(proto::QueueId message, queue::Instant now);
  bool waits(proto::QueueId message) const { return waiting_.contains(message); }
  // The time when the digest of the waiting messages is due.
  queue::Instant due() const { return due_; }
  // The first of them, to be composed now. Messages that arrive meanwhile wait for the next digest.
  std::vector<proto::QueueId> begin();
  bool is_being_composed() const { return is_being_composed_; }
  enum class Rest {
    none,    // all of begin() fitted
    follows  // the next digest is due at once
  };
  // These have been reported. Others that wait, including messages that came meanwhile, are due in an hour.
  void end(const std::vector<proto::QueueId>& told, Rest rest, queue::Instant now);
  // Nothing was reported, and the digest is due again at `again`. `gone`: messages that need no report.
  void failed(const std::vector<proto::QueueId>& gone, queue::Instant again);
  // True if a new object would decide the same.
  bool is_forgettable(queue::Instant now) const;

 private:
  std::vector<queue::Instant> alone_;  // in the last hour
  std::set<proto::QueueId> waiting_;
  queue::Instant due_{};
  std::optional<queue::Instant> last_{};  // digest
  bool is_being_composed_ = false;
  bool is_cut_ = false;  // begin() did not give all
};

// The digest: its text explains the first hundred recipients, with the subject of their message; a second part lists all, one per line.
// UTF-8 if it needs more than ASCII.
class DigestText {
 public:
  static constexpr std::size_t kMost = 200'000;  // octets

  explicit DigestText(const Config& config) : config_(config) {}

  // False: it does not fit, and nothing has changed. The first message always fits: if it has too many recipients the rest is counted.
  // `subject`: in printable UTF-8; empty: unknown.
  bool add(const queue::Message& message, const std::vector<std::uint32_t>& recipients, const std::string& subject);
  // Whether recipients of another message would still be explained.
  bool explains_more() const;
  std::size_t messages() const { return notice_for_.size(); }
  const std::vector<queue::NewMessage::NoticeFor>& told() const { return notice_for_; }
  // The message to store: in the same step no notice for these recipients is pending any more. At least one message must have been added.
  queue::NewMessage message(queue::QueueId id, std::uint64_t boundary) const;

 private:
  std::string header(queue::QueueId id, const std::string& mark) const;

  const Config& config_;
  std::optional<proto::Mailbox> to_;
  proto::ShareOwner owner_;
  std::vector<queue::NewMessage::NoticeFor> notice_for_;
  std::string words_, rows_;
  std::size_t encoded_ = 0;                               // octets of the words as they are sent
  std::size_t count_ = 0, explained_ = 0, unlisted_ = 0;  // recipients; those explained; those without a line
};

}  // namespace mxpress::mta::delivery
