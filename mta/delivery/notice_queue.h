// The order of messages with pending notices: a waiting message costs an entry in memory, not a coroutine.
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

// A message waits for its time, then in the line of its owner for one of `places`. It is looked at while it has the place, and then waits
// again or leaves. A message that waits for its time holds no place, so messages of that kind never delay other notices. Thread: one.
class NoticeQueue {
 public:
  static constexpr std::uint64_t kPlaces = 1000;

  // A message with a place.
  struct Look {
    proto::QueueId message;
    queue::Instant since;                  // when it was added
    std::optional<queue::Instant> turn{};  // reserved for its notice (NoticeRate), kept between looks
  };

  explicit NoticeQueue(std::uint64_t places = kPlaces) : line_(places) {}

  // The message has a pending notice; it is looked at after `wait`. False: it is known already: then it is looked at once more if it has a
  // place now, but not earlier if it waits.
  bool add(proto::QueueId message, const fairness::Owner& owner, queue::Instant now, Duration wait);
  // The next message with a place. End the look with leave_until() or leave().
  std::optional<Look> next(queue::Instant now);
  void leave_until(const Look& look, queue::Instant when);
  // No notice is pending any more. False: the message was added again, and is looked at at `again`.
  bool leave(const Look& look, queue::Instant again);
  // Forgets the message.
  void drop(const Look& look);
  // The time when next() may have another message even if no place becomes free.
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
  std::set<std::pair<queue::Instant, std::uint64_t>> waiting_;  // until a time
  OwnerLine<std::uint64_t> line_;
};

}  // namespace mxpress::mta::delivery
