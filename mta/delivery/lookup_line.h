// Limits the number of concurrent lookups, and chooses the next.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "mta/fairness/fair_budget.h"
#include "mta/fairness/owner_lines.h"
#include "queue/indices.h"

namespace mxpress::mta::delivery {

// What is known of a destination's lookups. failed: the last one did, so that the next one may take its full time, too.
enum class LastLookup { fine_or_unknown, failed };

// A destination stands in the line of each owner who has mail for it. Destinations whose last lookup failed leave a quarter of the places
// to the others, however many they are. Thread: one.
class LookupLine {
 public:
  // Of all workers together; with more than eight of them each has kOfWorker all the same. A lookup asks two questions at a time, and name
  // servers that only forward have places for few: dnsmasq 150, and a question that nobody answers keeps one for ten seconds.
  static constexpr std::uint64_t kOfDaemon = 64, kOfWorker = 8;

  static constexpr std::uint64_t places_of_worker(std::size_t workers) { return std::max(kOfDaemon / workers, kOfWorker); }

  explicit LookupLine(std::uint64_t places) : places_(places, 1), places_of_failed_(places - places / 4, 1) {}

  struct Lookup {
    queue::DestinationIndex destination;
    fairness::Owner owner;
    LastLookup last = LastLookup::fine_or_unknown;
  };
  // True: it has a place from here until end(). False: it waits in the owner's line, where it stands only once.
  bool begin(const Lookup& lookup);
  void end(const Lookup& lookup);
  // The next waiting one with a place, if any. An owner without a place gets one while any is free; only owners with some are passed over.
  std::optional<Lookup> next();

  bool waits(queue::DestinationIndex destination) const;
  std::size_t waiting() const;

 private:
  using Line = fairness::OwnerLines<queue::DestinationIndex>;
  bool take(const fairness::Owner& owner, LastLookup last);
  Line& line(LastLookup last) { return lines_[static_cast<std::size_t>(last)]; }

  fairness::FairBudget places_, places_of_failed_;  // a failed one needs a place of each
  std::array<Line, 2> lines_;
  LastLookup first_ = LastLookup::fine_or_unknown;  // whose line is asked first; they take turns
};

}  // namespace mxpress::mta::delivery
