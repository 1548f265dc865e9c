// Lines of waiting items, one for each owner; owners take turns.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "mta/fairness/owner.h"

namespace mxpress::mta::fairness {

// An item stands in the line of each owner that it was entered for, and leaves all of them with the first turn. The newest and
// the oldest item of an owner take turns: a new one need not wait for fifty thousand others, and none is forgotten. Thread:
// one.
template <class Item>
class OwnerLines {
 public:
  // An item stands in an owner's line only once, however often it is entered.
  void enter(Item item, const Owner& owner) {
    Line& line = lines_[owner];
    if (!line.members.insert(item).second) return;
    line.items.push_back(item);
    waiting_.insert(item);
  }
  // The item leaves all lines without a turn.
  void leave(Item item) { waiting_.erase(item); }
  struct Next {
    Item item;
    Owner owner;
  };
  // Removes the next item of the next owner for whom `may` returns true. `may` is called until then, at most once for each owner.
  template <class May>
  std::optional<Next> next(May may);

  bool waits(Item item) const { return waiting_.contains(item); }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Line {
    std::deque<Item> items;
    boost::unordered_flat_set<Item> members;
    bool newest_is_next = true;

    Item front() const { return newest_is_next ? items.back() : items.front(); }
    void pop() {
      members.erase(front());
      newest_is_next ? items.pop_back() : items.pop_front();
    }
  };

  std::map<Owner, Line> lines_;  // no empty ones
  Owner last_;                   // owner of the last turn
  boost::unordered_flat_set<Item> waiting_;
};

template <class Item>
template <class May>
std::optional<typename OwnerLines<Item>::Next> OwnerLines<Item>::next(May may) {
  auto place = lines_.upper_bound(last_);
  for (std::size_t left = lines_.size(); left > 0; --left) {
    if (place == lines_.end()) place = lines_.begin();
    Line& line = place->second;
    while (!line.items.empty() && !waits(line.front())) line.pop();  // it left with the turn of another owner
    if (line.items.empty()) {
      place = lines_.erase(place);
      continue;
    }
    if (!may(place->first)) {
      ++place;
      continue;
    }
    const Next next{line.front(), place->first};
    line.pop();
    line.newest_is_next = !line.newest_is_next;
    waiting_.erase(next.item);
    last_ = next.owner;
    if (line.items.empty()) lines_.erase(place);
    return next;
  }
  return std::nullopt;
}

}  // namespace mxpress::mta::fairness
