// Verifies the checksum of large content before it is sent: in steps, in turn with other owners, and once for all jobs in a period.
#pragma once

#include <deque>
#include <memory>
#include <unordered_set>
#include <utility>

#include "dns/async.h"
#include "mta/fairness/owner.h"
#include "proto/queue_id.h"
#include "proto/result.h"
#include "queue/guarded.h"
#include "queue/instant.h"

namespace mxpress::queue {
class Content;
using proto::QueueId;
}  // namespace mxpress::queue

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::delivery {

// Large content has a file of its own from its start, which is only read; content that was intact a short time ago counts as intact.
// Thread: any.
class LargeChecks {
 public:
  static constexpr Duration kLife = std::chrono::minutes(10);  // then it is checked again
  static constexpr std::size_t kMostKnown = 10'000;            // messages; the oldest are forgotten first

  // `turns`: reads; null: the disk is read at once.
  explicit LargeChecks(fairness::FileTurns* turns) : turns_(turns) {}

  // Smaller content is checked when the message is read.
  static bool is_large(const queue::Content& content);
  // Error: it cannot be read now (transient) or is damaged (permanent).
  Task<Status> check(queue::QueueId id, fairness::Owner owner, std::shared_ptr<const queue::Content> content);

 private:
  bool is_known(queue::QueueId id);
  void remember(queue::QueueId id);

  struct Intact {
    std::unordered_set<queue::QueueId> ids;
    std::deque<std::pair<queue::Instant, queue::QueueId>> until;  // oldest first
    void forget_until(queue::Instant now);
    void forget_oldest();
  };
  fairness::FileTurns* const turns_;
  queue::Guarded<Intact> intact_;
};

}  // namespace mxpress::mta::delivery
