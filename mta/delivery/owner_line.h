// A line for a limited number of places, with fair shares by owner.
#pragma once

#include <cstdint>
#include <optional>

#include "mta/fairness/fair_budget.h"
#include "mta/fairness/owner_lines.h"

namespace mxpress::mta::delivery {

// An item stands in the line of each owner that it was entered for, and gets a place when the first of them has one. Thread:
// one.
template <class Item>
class OwnerLine {
 public:
  explicit OwnerLine(std::uint64_t places) : places_(places, 1) {}

  // The item has a place from here until end().
  // True: it has a place now. False: it waits in the owner's line, where it stands only once.
  bool begin(Item item, const fairness::Owner& owner) {
    if (!waits(item) && places_.take(owner, 1)) return true;
    lines_.enter(item, owner);
    return false;
  }
  // Gives back the place that an item had for this owner.
  void end(const fairness::Owner& owner) { places_.give_back(owner, 1); }
  // The next waiting item with a place, if any. An owner without one gets one while any is free; only owners with
  // some are passed over.
  std::optional<typename fairness::OwnerLines<Item>::Next> next() {
    return lines_.next([this](const fairness::Owner& owner) { return places_.take(owner, 1); });
  }

  bool waits(Item item) const { return lines_.waits(item); }
  std::size_t waiting() const { return lines_.waiting(); }

 private:
  fairness::FairBudget places_;
  fairness::OwnerLines<Item> lines_;
};

}  // namespace mxpress::mta::delivery
