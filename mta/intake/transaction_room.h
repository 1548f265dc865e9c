// The memory of a transaction, charged to its owner: recipients, the header, and content until it goes to a file or is stored.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "mta/fairness/fair_budget.h"

namespace mxpress::mta::intake {

// Octets of all transactions together, beyond kAlwaysHeld for each.
inline constexpr std::uint64_t kTransactions = 64u << 20;

// One thread at a time. The budget must outlive it.
class TransactionRoom {
 public:
  static constexpr std::uint64_t kAlwaysHeld = 8 * 1024;  // octets without a charge: enough for a usual message
  static constexpr std::uint64_t kStep = 4 * 1024;        // the budget is asked for this much at a time

  TransactionRoom(fairness::FairBudget& budget, const fairness::Owner& owner) : owner_(owner), beyond_(budget, owner) {}
  TransactionRoom(TransactionRoom&& other) noexcept
      : owner_(other.owner_), beyond_(std::move(other.beyond_)), octets_(std::exchange(other.octets_, 0)) {}

  const fairness::Owner& owner() const { return owner_; }

  // Charges more octets. False: the owner has no share left, and nothing has changed.
  [[nodiscard]] bool add(std::uint64_t octets) {
    if (!beyond_.raise_to(beyond(octets_ + octets))) return false;
    octets_ += octets;
    return true;
  }
  void give_back(std::uint64_t octets) {
    octets_ -= octets;
    beyond_.lower_to(beyond(octets_));
  }
  void release() { give_back(octets_); }

 private:
  static std::uint64_t beyond(std::uint64_t octets) {
    return octets <= kAlwaysHeld ? 0 : (octets - kAlwaysHeld + kStep - 1) / kStep * kStep;
  }

  const fairness::Owner owner_;
  fairness::FairBudget::Hold beyond_;
  std::uint64_t octets_ = 0;
};

}  // namespace mxpress::mta::intake
