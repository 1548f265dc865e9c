// A line for a bounded number of places with fair shares by owner.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "mta/host/fair_budget.h"

namespace mxpress::mta::delivery {

// An item stands in the line of each owner that it was entered for, and gets a place when the first of them has one. Owners take turns. The
// newest and the oldest item of an owner take turns: a new one need not wait for fifty thousand others, and none is forgotten.
// Thread: one.
template <class Item>
class OwnerLine {
 public:
  explicit OwnerLine(std::uint64_t places) : places_(places, 1) {}

  // An item has a place from here until end().
  // True: this one has a place now. False: it waits in the owner's line, where it stands once however often it is entered.
  bool begin(Item item, const host::Owner& owner) {
    if (!waits(item) && places_.take(owner, 1)) return true;
    Line& line = lines_[owner];
    if (!line.members.insert(item).second) return false;
    line.items.push_back(item);
    waiting_.insert(item);
    return false;
  }
  // The item that had a place of this owner gives it back.
  void end(const host::Owner& owner) { places_.give_back(owner, 1); }
  struct Next {
    Item item;
    host::Owner owner;
  };
  // The next item that waits and has a place now, if any. An owner without a place gets one while any is free: only owners who have some
  // are passed over.
  std::optional<Next> next();

  bool waits(Item item) const { return waiting_.contains(item); }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Line {
    std::deque<Item> items;
    boost::unordered_flat_set<Item> members;
    bool newest_is_next = true;
  };
  std::optional<Item> pop(Line& line);

  host::FairBudget places_;
  std::map<host::Owner, Line> lines_;  // none is empty
  host::Owner last_;                   // who had the last turn
  boost::unordered_flat_set<Item> waiting_;
};

template <class Item>
std::optional<typename OwnerLine<Item>::Next> OwnerLine<Item>::next() {
  auto place = lines_.upper_bound(last_);
  for (std::size_t left = lines_.size(); left > 0; --left) {
    if (place == lines_.end()) place = lines_.begin();
    const host::Owner owner = place->first;
    if (!places_.take(owner, 1)) {
      ++place;
      continue;
    }
    const auto item = pop(place->second);
    place = place->second.items.empty() ? lines_.erase(place) : std::next(place);
    if (item) {
      last_ = owner;
      return Next{*item, owner};
    }
    places_.give_back(owner, 1);
  }
  return std::nullopt;
}

// Skips items that have got a place by the turn of another owner.
template <class Item>
std::optional<Item> OwnerLine<Item>::pop(Line& line) {
  while (!line.items.empty()) {
    const Item next = line.newest_is_next ? line.items.back() : line.items.front();
    line.newest_is_next ? line.items.pop_back() : line.items.pop_front();
    line.members.erase(next);
    if (waiting_.erase(next) == 0) continue;
    line.newest_is_next = !line.newest_is_next;
    return next;
  }
  return std::nullopt;
}

}  // namespace mxpress::mta::delivery
