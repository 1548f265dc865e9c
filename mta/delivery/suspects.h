// Messages that were being handled when the daemon crashed: suspects are tried one at a time, and a guilty one is set aside.
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proto/queue_id.h"
#include "queue/instant.h"

namespace mxpress::queue {
struct Message;
struct Settlement;
enum class ActionKind;
using proto::QueueId;
}  // namespace mxpress::queue

namespace mxpress::mta::delivery {

// The order of suspects. A suspect delays the others until it was handled without a crash, or for two minutes. One that is still being
// handled then (by a slow host, say) is cleared, because only one suspect may be handled at a time; one that is not, since its next try is
// not due, stays suspect. One thread.
class SuspectLine {
 public:
  static constexpr Duration kPatience = std::chrono::minutes(2);
  void add(queue::QueueId message) { waiting_.push_back(message); }
  // The next suspect to try; none while another one is tried. `record`: system::CrashRecord, or its replacement in tests.
  template <class Record>
  std::optional<queue::QueueId> next(queue::Instant now, Record& record) {
    if (tried_ && record.is_suspect(*tried_)) {
      if (now < since_ + kPatience) return std::nullopt;
      if (record.is_handled(*tried_)) record.clear(*tried_);
    }
    tried_.reset();
    if (waiting_.empty()) return std::nullopt;
    tried_ = waiting_.front();
    waiting_.pop_front();
    since_ = now;
    return tried_;
  }
  bool done() const { return waiting_.empty() && !tried_; }

 private:
  std::deque<queue::QueueId> waiting_;
  std::optional<queue::QueueId> tried_;
  queue::Instant since_{};
};

// Messages that are kept from all workers, because their handling crashed the daemon. Any thread.
class SetAside {
 public:
  void add(queue::QueueId message);
  std::size_t size() const;
  // An operator has acted on these messages: actions except `hold` and `retry` (it stays held) end it. Returns those that were set aside.
  std::vector<queue::QueueId> acted(queue::ActionKind action, const std::vector<queue::QueueId>& messages);

 private:
  mutable std::mutex mutex_;
  std::set<queue::QueueId> messages_;
};

// The record for a message that is set aside: the reason why its recipients wait, as `mxpress show` prints it. The message is also held.
queue::Settlement settlement_of(const queue::Message& message, const std::string& death, WallTime now);

}  // namespace mxpress::mta::delivery
