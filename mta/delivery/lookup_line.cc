// Turns of owners.
#include "mta/delivery/lookup_line.h"

namespace mxpress::mta::delivery {

using queue::DestinationIndex;

bool LookupLine::begin(DestinationIndex destination, const host::Owner& owner) {
  if (!waits(destination) && places_.take(owner, 1)) return true;
  Line& line = lines_[owner];
  if (!line.members.insert(destination).second) return false;
  line.destinations.push_back(destination);
  waiting_.insert(destination);
  return false;
}

// Skips what another owner's turn has begun.
std::optional<DestinationIndex> LookupLine::pop(Line& line) {
  while (!line.destinations.empty()) {
    const DestinationIndex next = line.newest_is_next ? line.destinations.back() : line.destinations.front();
    line.newest_is_next ? line.destinations.pop_back() : line.destinations.pop_front();
    line.members.erase(next);
    if (waiting_.erase(next) == 0) continue;
    line.newest_is_next = !line.newest_is_next;
    return next;
  }
  return std::nullopt;
}

// Whoever has no place gets one while any is free: only owners who have some are passed over.
std::optional<LookupLine::Next> LookupLine::next() {
  auto place = lines_.upper_bound(last_);
  for (std::size_t left = lines_.size(); left > 0; --left) {
    if (place == lines_.end()) place = lines_.begin();
    const host::Owner owner = place->first;
    if (!places_.take(owner, 1)) {
      ++place;
      continue;
    }
    const auto destination = pop(place->second);
    place = place->second.destinations.empty() ? lines_.erase(place) : std::next(place);
    if (destination) {
      last_ = owner;
      return Next{*destination, owner};
    }
    places_.give_back(owner, 1);
  }
  return std::nullopt;
}

}  // namespace mxpress::mta::delivery
