// What one at a time may do on a thread, in turns of owners.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "dns/async.h"
#include "mta/fairness/owner.h"

namespace mxpress::mta::fairness {

// For work that takes much memory and waits for no peer. Whoever comes waits for the rest of one turn, and then for one
// of each other owner at most.
// Thread: one. A coroutine that has a turn or waits for one may outlive it.
class OneAtATime {
  struct Line;

 public:
  // Goes to the next owner at its end.
  class Turn {
   public:
    Turn(Turn&& other) noexcept : line_(std::move(other.line_)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    friend class OneAtATime;
    explicit Turn(std::shared_ptr<Line> line) : line_(std::move(line)) {}
    std::shared_ptr<Line> line_;
  };

  OneAtATime();
  OneAtATime(const OneAtATime&) = delete;
  OneAtATime& operator=(const OneAtATime&) = delete;
  ~OneAtATime();

  Task<Turn> take(Owner owner);
  std::size_t waiting() const;

 private:
  struct Place;
  std::shared_ptr<Line> line_;  // shared with turns
};

}  // namespace mxpress::mta::fairness
