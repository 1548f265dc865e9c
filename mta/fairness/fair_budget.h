// A budget with fair shares: a limit for all owners together that no single owner can use up.
#pragma once

#include <cstdint>
#include <mutex>

#include <boost/unordered/unordered_flat_map.hpp>

#include "mta/fairness/owner.h"

namespace mxpress::mta::fairness {

// Counts units (octets, sessions, lookups) that owners hold. An owner may hold as much as he leaves free: a single one half of the total,
// two owners who want everything a third each, n owners 1/(n+1) each. So a later owner always finds something free: after n owners who took
// all they could, one after the other, 1/2^n of the total. Any thread. take() locks a mutex for a lookup in a hash table, and allocates
// only for an owner who holds nothing yet.
class FairBudget {
 public:
  // An owner gets up to `least` units as long as they are free, even beyond his share: enough for one usual operation.
  explicit FairBudget(std::uint64_t total, std::uint64_t least = 0) : total_(total), least_(least) {}
  FairBudget(const FairBudget&) = delete;
  FairBudget& operator=(const FairBudget&) = delete;

  // False: it does not fit into the owner's share, and nothing has changed.
  [[nodiscard]] bool take(const Owner& owner, std::uint64_t units);
  // Returns units of an earlier take().
  void give_back(const Owner& owner, std::uint64_t units);

  std::uint64_t total() const { return total_; }
  std::uint64_t held() const;
  std::uint64_t held_by(const Owner& owner) const;
  std::size_t owners() const;  // who hold something

  // The units of one operation, given back when it is destroyed. The budget must outlive it. One thread at a time.
  class Hold {
   public:
    Hold(FairBudget& budget, const Owner& owner) : budget_(&budget), owner_(owner) {}
    ~Hold() { release(); }
    Hold(Hold&& other) noexcept : budget_(other.budget_), owner_(other.owner_), units_(other.units_) { other.units_ = 0; }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    Hold& operator=(Hold&&) = delete;

    // Adds this many. False: they do not fit, and the hold is unchanged.
    [[nodiscard]] bool add(std::uint64_t units);
    // Holds at least this many from now on; the same.
    [[nodiscard]] bool raise_to(std::uint64_t units) { return units <= units_ || add(units - units_); }
    // Holds at most this many from now on.
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
  boost::unordered_flat_map<Owner, std::uint64_t> of_owner_;  // only owners who hold something
};

}  // namespace mxpress::mta::fairness
