// Work that only one coroutine on a thread may do at a time, in turns of owners.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "dns/async.h"
#include "mta/fairness/owner.h"

namespace mxpress::mta::fairness {

// For work that takes much memory and waits for no peer. A newcomer waits at most for the rest of one turn, and
// then for one turn of each other owner. Thread: one. A coroutine that has a turn or waits for one may outlive
// it.
class OneAtATime {
  struct Line;

 public:
  // When it is destroyed the next owner has his turn.
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
  std::shared_ptr<Line> line_;  // shared with its turns
};

}  // namespace mxpress::mta::fairness
