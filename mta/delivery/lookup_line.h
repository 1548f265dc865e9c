// Which destinations are looked up at a time, and which is next: places for lookups have fair shares by owner of the mail.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "mta/host/fair_budget.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

// A destination that waits stands in the line of each owner whose mail is for it, and is looked up when the first of them has a place.
// Owners take turns. Of one owner's destinations the newest and the oldest take turns: a new message need not wait for fifty thousand
// others, and none is forgotten. Thread: of the worker.
class LookupLine {
 public:
  static constexpr std::uint64_t kPlaces = 100;  // of one worker: each question has a socket of its own; an owner alone has 50

  explicit LookupLine(std::uint64_t places = kPlaces) : places_(places, 1) {}

  // A lookup has a place from here until end().
  // True: this one has a place now. False: it waits in the owner's line, where it stands once however often it comes.
  bool begin(queue::DestinationIndex destination, const host::Owner& owner);
  // The lookup that had a place of this owner has ended.
  void end(const host::Owner& owner) { places_.give_back(owner, 1); }
  struct Next {
    queue::DestinationIndex destination;
    host::Owner owner;
  };
  // The next one that waits and has a place now, if any.
  std::optional<Next> next();

  bool waits(queue::DestinationIndex destination) const { return waiting_.contains(destination); }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Line {
    std::deque<queue::DestinationIndex> destinations;
    boost::unordered_flat_set<queue::DestinationIndex> members;
    bool newest_is_next = true;
  };
  std::optional<queue::DestinationIndex> pop(Line& line);

  host::FairBudget places_;
  std::map<host::Owner, Line> lines_;  // none is empty
  host::Owner last_;                   // who had the last turn
  boost::unordered_flat_set<queue::DestinationIndex> waiting_;
};

}  // namespace mxpress::mta::delivery
