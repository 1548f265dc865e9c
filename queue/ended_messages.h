// The ended messages that are remembered. A flood of one owner's messages does not displace those of owners with few.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "proto/queue_id.h"
#include "queue/owners.h"

namespace mxpress::queue {

// Not thread-safe. `owner` is always the message's owner, as a number of the index.
class EndedMessages {
 public:
  using OwnerOf = std::function<Owners::Number(proto::QueueId)>;

  // Adds a message that ended after all others.
  void add(proto::QueueId id, Owners::Number owner);
  // Takes time proportional to their number.
  void remove(proto::QueueId id, Owners::Number owner);
  // Removes the oldest message of an owner who has at least an equal share. There must be a message.
  proto::QueueId take_next(const OwnerOf& owner_of);

  std::size_t size() const { return spared_.size() + recent_.size(); }
  // Oldest first.
  std::vector<proto::QueueId> ids() const;

 private:
  bool has_share(Owners::Number owner) const;
  proto::QueueId take_spared(const OwnerOf& owner_of);
  void count_off(Owners::Number owner);

  std::deque<proto::QueueId> spared_;  // older than all others; spared because their owners had less than an equal share
  std::deque<proto::QueueId> recent_;
  boost::unordered_flat_map<Owners::Number, std::size_t> counts_;  // only owners with messages
};

}  // namespace mxpress::queue
