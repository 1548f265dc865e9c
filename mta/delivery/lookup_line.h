// Limits the number of concurrent lookups, and chooses the next.
#pragma once

#include "mta/delivery/owner_line.h"
#include "queue/indices.h"

namespace mxpress::mta::delivery {

// A destination stands in the line of each owner who has mail for it.
class LookupLine : public OwnerLine<queue::DestinationIndex> {
 public:
  static constexpr std::uint64_t kPlaces = 100;  // for one worker: each question has a socket of its own; a single owner has 50

  explicit LookupLine(std::uint64_t places = kPlaces) : OwnerLine(places) {}
};

}  // namespace mxpress::mta::delivery
