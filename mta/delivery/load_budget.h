// Bounds the memory that loads of messages take together: whoever loads one waits for its part of the budget first.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "dns/async.h"

namespace mxpress::mta::delivery {

// Thread: any. Requests are granted in the order in which they came. A request that is larger than the limit is granted when nothing else
// is held, so that every message can be loaded. A holder never waits for another charge of the same budget, so that each request is granted
// at last.
class LoadBudget {
 public:
  struct Counters {
    std::uint64_t held = 0;     // octets
    std::uint64_t peak = 0;     // the most that was held at a time
    std::uint64_t octets = 0;   // of all charges so far
    std::uint64_t charges = 0;  // granted so far
    std::size_t waiting = 0;    // requests
  };

 private:
  struct State;

 public:
  // A part of the budget; given back at the end of its life. May outlive the budget.
  class Charge {
   public:
    Charge() = default;
    Charge(Charge&& other) noexcept : state_(std::move(other.state_)), octets_(std::exchange(other.octets_, 0)) {}
    Charge& operator=(Charge&& other) noexcept;
    ~Charge() { release(); }
    void release();
    std::uint64_t octets() const { return octets_; }

   private:
    friend class LoadBudget;
    friend struct State;
    Charge(std::shared_ptr<State> state, std::uint64_t octets) : state_(std::move(state)), octets_(octets) {}
    std::shared_ptr<State> state_;  // shared with the budget: coroutines that hold a charge may be destroyed after it
    std::uint64_t octets_ = 0;
  };

  explicit LoadBudget(std::uint64_t limit);
  // Requests that still wait are never granted.
  ~LoadBudget();
  LoadBudget(const LoadBudget&) = delete;
  LoadBudget& operator=(const LoadBudget&) = delete;

  // Resumes on the caller's executor.
  Task<Charge> acquire(std::uint64_t octets);
  Counters counters() const;
  std::uint64_t limit() const;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace mxpress::mta::delivery
