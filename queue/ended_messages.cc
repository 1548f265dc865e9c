// Divides the room for remembered ended messages among owners.
#include "queue/ended_messages.h"

#include <algorithm>
#include <cassert>

namespace mxpress::queue {

using proto::QueueId;

void EndedMessages::add(QueueId id, Owners::Number owner) {
  recent_.push_back(id);
  ++counts_[owner];
}

void EndedMessages::count_off(Owners::Number owner) {
  const auto found = counts_.find(owner);
  assert(found != counts_.end());
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

void EndedMessages::remove(QueueId id, Owners::Number owner) {
  if (std::erase(recent_, id) + std::erase(spared_, id) > 0) count_off(owner);
}

bool EndedMessages::has_share(Owners::Number owner) const {
  const auto found = counts_.find(owner);
  return found != counts_.end() && found->second * counts_.size() >= size();
}

// Each message is spared once, so that only recent ones are looked at. Spared messages are searched only if all recent ones belong to
// owners with few messages.
QueueId EndedMessages::take_next(const OwnerOf& owner_of) {
  while (!recent_.empty()) {
    const QueueId id = recent_.front();
    recent_.pop_front();
    const Owners::Number owner = owner_of(id);
    spared_.push_back(id);
    if (!has_share(owner)) continue;
    spared_.pop_back();
    count_off(owner);
    return id;
  }
  return take_spared(owner_of);
}

QueueId EndedMessages::take_spared(const OwnerOf& owner_of) {
  const auto found = std::find_if(spared_.begin(), spared_.end(), [&](QueueId id) { return has_share(owner_of(id)); });
  assert(found != spared_.end());
  const QueueId id = *found;
  count_off(owner_of(id));
  spared_.erase(found);
  return id;
}

std::vector<QueueId> EndedMessages::ids() const {
  std::vector<QueueId> ids(spared_.begin(), spared_.end());
  ids.insert(ids.end(), recent_.begin(), recent_.end());
  return ids;
}

}  // namespace mxpress::queue
