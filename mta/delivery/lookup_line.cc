// The line of lookups.
#include "mta/delivery/lookup_line.h"

namespace mxpress::mta::delivery {
namespace {

LastLookup other(LastLookup last) { return last == LastLookup::failed ? LastLookup::fine_or_unknown : LastLookup::failed; }

}  // namespace

bool LookupLine::begin(const Lookup& lookup) {
  if (!waits(lookup.destination) && take(lookup.owner, lookup.last)) return true;
  line(lookup.last).enter(lookup.destination, lookup.owner);
  return false;
}

void LookupLine::end(const Lookup& lookup) {
  places_.give_back(lookup.owner, 1);
  if (lookup.last == LastLookup::failed) places_of_failed_.give_back(lookup.owner, 1);
}

std::optional<LookupLine::Lookup> LookupLine::next() {
  for (const LastLookup last : {first_, other(first_)}) {
    const auto found = line(last).next([this, last](const fairness::Owner& owner) { return take(owner, last); });
    if (!found) continue;
    line(other(last)).leave(found->item);
    first_ = other(last);
    return Lookup{found->item, found->owner, last};
  }
  return std::nullopt;
}

bool LookupLine::waits(queue::DestinationIndex destination) const { return lines_[0].waits(destination) || lines_[1].waits(destination); }

std::size_t LookupLine::waiting() const { return lines_[0].waiting() + lines_[1].waiting(); }

bool LookupLine::take(const fairness::Owner& owner, LastLookup last) {
  const bool has_failed = last == LastLookup::failed;
  if (has_failed && !places_of_failed_.take(owner, 1)) return false;
  if (places_.take(owner, 1)) return true;
  if (has_failed) places_of_failed_.give_back(owner, 1);
  return false;
}

}  // namespace mxpress::mta::delivery
