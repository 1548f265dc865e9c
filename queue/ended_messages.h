// Which messages have ended and are remembered: those of an owner with few outlast a flood of another's.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "proto/queue_id.h"
#include "queue/owners.h"

namespace mxpress::queue {

// Not thread-safe. `owner` is always that of the message, as a number of the index.
class EndedMessages {
 public:
  using OwnerOf = std::function<Owners::Number(proto::QueueId)>;

  // It has ended after all others.
  void add(proto::QueueId id, Owners::Number owner);
  // Takes time by their number.
  void remove(proto::QueueId id, Owners::Number owner);
  // Removes the oldest of those whose owners have at least an equal share: one there must be.
  proto::QueueId take_next(const OwnerOf& owner_of);

  std::size_t size() const { return spared_.size() + recent_.size(); }
  // Oldest first.
  std::vector<proto::QueueId> ids() const;

 private:
  bool has_share(Owners::Number owner) const;
  proto::QueueId take_spared(const OwnerOf& owner_of);
  void count_off(Owners::Number owner);

  std::deque<proto::QueueId> spared_;  // older than all others: their owners had less than an equal share when it was their turn
  std::deque<proto::QueueId> recent_;
  boost::unordered_flat_map<Owners::Number, std::size_t> counts_;  // of owners who have one
};

}  // namespace mxpress::queue
