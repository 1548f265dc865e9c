// Which message with pending notices is looked at next: memory of a message that waits is an entry, not a coroutine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "mta/delivery/owner_line.h"
#include "mta/fairness/owner.h"
#include "proto/queue_id.h"
#include "queue/instant.h"

namespace mxpress::mta::delivery {

// A message waits for a moment, then in the line of its owner for one of `places`, is looked at while it has the place, and then waits
// again or leaves. A message that waits for a moment holds no place, so no number of them keeps the notices of others waiting. Thread: one.
class NoticeQueue {
 public:
  static constexpr std::uint64_t kPlaces = 1000;

  // A message that is looked at.
  struct Look {
    proto::QueueId message;
    queue::Instant since;                  // it was added
    std::optional<queue::Instant> turn{};  // reserved for its notice (NoticeRate), kept between looks
  };

  explicit NoticeQueue(std::uint64_t places = kPlaces) : line_(places) {}

  // The message has a notice pending; it is looked at `wait` from now. False: it is known already. A message that is being looked at is
  // looked at once more; one that waits is not looked at earlier.
  bool add(proto::QueueId message, const fairness::Owner& owner, queue::Instant now, Duration wait);
  // The next message with a place. The look ends with leave_until() or leave().
  std::optional<Look> next(queue::Instant now);
  void leave_until(const Look& look, queue::Instant when);
  // Nothing is pending any more. False: the message has been added again, and is looked at at `again`.
  bool leave(const Look& look, queue::Instant again);
  // Forgets the message.
  void drop(const Look& look);
  // When next() may have another one without a place becoming free.
  std::optional<queue::Instant> next_event() const;

  std::size_t size() const { return known_.size(); }

 private:
  struct Known {
    fairness::Owner owner;
    queue::Instant since;
    std::optional<queue::Instant> turn{};
    bool is_looked_at = false;
    bool is_added_again = false;
  };
  Look begin(std::uint64_t id);

  std::unordered_map<std::uint64_t, Known> known_;
  std::set<std::pair<queue::Instant, std::uint64_t>> waiting_;  // for a moment
  OwnerLine<std::uint64_t> line_;
};

}  // namespace mxpress::mta::delivery
