// A budget with fair shares: a bound for what all owners hold together, of which no owner can use up everything.
#pragma once

#include <cstdint>
#include <mutex>

#include <boost/unordered/unordered_flat_map.hpp>

#include "mta/fairness/owner.h"

namespace mxpress::mta::fairness {

// Counts units (octets, sessions, lookups) that owners hold. An owner may hold as much as he leaves free: alone half of the total, two
// owners who want all a third each, n owners 1/(n+1) each. So an owner who comes later always finds something free, whatever the others
// hold: after n owners who took all they could, one after the other, a 2^n-th part of the total.
// Any thread. take() locks a mutex for a look-up in a hash table, and allocates only for an owner who holds nothing yet.
class FairBudget {
 public:
  // Up to `least` units an owner gets as long as they are free, even beyond his share: what one usual operation needs.
  explicit FairBudget(std::uint64_t total, std::uint64_t least = 0) : total_(total), least_(least) {}
  FairBudget(const FairBudget&) = delete;
  FairBudget& operator=(const FairBudget&) = delete;

  // False: it does not fit into the owner's share, and nothing has changed.
  [[nodiscard]] bool take(const Owner& owner, std::uint64_t units);
  // What take() gave before.
  void give_back(const Owner& owner, std::uint64_t units);

  std::uint64_t total() const { return total_; }
  std::uint64_t held() const;
  std::uint64_t held_by(const Owner& owner) const;
  std::size_t owners() const;  // who hold something

  // What one operation holds; gives it back at its end. The budget outlives it. One thread at a time.
  class Hold {
   public:
    Hold(FairBudget& budget, const Owner& owner) : budget_(&budget), owner_(owner) {}
    ~Hold() { release(); }
    Hold(Hold&& other) noexcept : budget_(other.budget_), owner_(other.owner_), units_(other.units_) { other.units_ = 0; }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    Hold& operator=(Hold&&) = delete;

    // So much more. False: it does not fit, and the hold is what it was.
    [[nodiscard]] bool add(std::uint64_t units);
    // At least so much from now on; the same.
    [[nodiscard]] bool raise_to(std::uint64_t units) { return units <= units_ || add(units - units_); }
    // At most so much from now on.
    void lower_to(std::uint64_t units);
    void release() { lower_to(0); }
    std::uint64_t units() const { return units_; }

   private:
    FairBudget* budget_;
    Owner owner_;
    std::uint64_t units_ = 0;
  };

 private:
  const std::uint64_t total_, least_;
  mutable std::mutex mutex_;
  std::uint64_t held_ = 0;
  boost::unordered_flat_map<Owner, std::uint64_t> of_owner_;  // who hold something
};

}  // namespace mxpress::mta::fairness
