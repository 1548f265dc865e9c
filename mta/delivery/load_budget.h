// Limits the memory of all loaded messages together: each load waits for its part of the budget first.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "dns/async.h"
#include "mta/fairness/owner.h"

namespace mxpress::mta::delivery {

// Thread: any. Owners take turns; the requests of one owner are granted in the order in which they came. An owner may hold as much as he
// leaves free: a single one half of the budget, n owners 1/(n+1) each; after n owners who took all they could, 1/2^n is left. A request
// that would leave less waits, and smaller requests of others pass it: otherwise it would delay them until the holders release theirs. A
// request of any size is granted when nothing is held, so that every message can be loaded. A holder must never wait for another charge of
// the same budget.
class LoadBudget {
 public:
  struct Counters {
    std::uint64_t held = 0;     // octets
    std::uint64_t peak = 0;     // the most held at a time
    std::uint64_t octets = 0;   // of all charges so far
    std::uint64_t charges = 0;  // granted so far
    std::size_t waiting = 0;    // requests
  };

 private:
  struct State;

 public:
  // A part of the budget, given back when it is destroyed. May outlive the budget.
  class Charge {
   public:
    Charge() = default;
    Charge(Charge&& other) noexcept : state_(std::move(other.state_)), octets_(std::exchange(other.octets_, 0)), owner_(other.owner_) {}
    Charge& operator=(Charge&& other) noexcept;
    ~Charge() { release(); }
    void release();
    std::uint64_t octets() const { return octets_; }

   private:
    friend class LoadBudget;
    friend struct State;
    Charge(std::shared_ptr<State> state, std::uint64_t octets, const fairness::Owner& owner)
        : state_(std::move(state)), octets_(octets), owner_(owner) {}
    std::shared_ptr<State> state_;  // shared with the budget: coroutines that hold a charge may be destroyed after it
    std::uint64_t octets_ = 0;
    fairness::Owner owner_;
  };

  explicit LoadBudget(std::uint64_t limit);
  // Requests that still wait are never granted.
  ~LoadBudget();
  LoadBudget(const LoadBudget&) = delete;
  LoadBudget& operator=(const LoadBudget&) = delete;

  // True if acquire() would have to wait now.
  bool would_wait(std::uint64_t octets, const fairness::Owner& owner) const;
  // Nullopt: it would have to wait.
  std::optional<Charge> try_acquire(std::uint64_t octets, const fairness::Owner& owner);
  // For mail of this owner. Resumes on the caller's executor.
  Task<Charge> acquire(std::uint64_t octets, fairness::Owner owner);
  Counters counters() const;
  std::uint64_t limit() const;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace mxpress::mta::delivery
