// Who of a worker's sites may begin a delivery, where places for deliveries are short.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include "mta/delivery/site.h"

namespace mxpress::mta::delivery {

// The places of one transport. `most`: how many there are at the moment; at least 1. Thread: of the worker.
class Places {
 public:
  // Half of the places are for proven sites, and at most a quarter is for troubled ones: however many hosts are slow or dead, those that
  // are not get theirs. Each bound holds for all whose standing is no better.
  bool has_one(Standing standing, std::size_t most) const;
  void take(Standing standing) { ++taken_[static_cast<std::size_t>(standing)]; }
  void give_back(Standing standing) { --taken_[static_cast<std::size_t>(standing)]; }

  // The site stands in line from here until serve_line() calls `serve` with it. It stands there once, says the caller.
  void wait(std::uint32_t site, Standing standing) { lines_[static_cast<std::size_t>(standing)].push_back(site); }
  // In the order in which they began to wait, as far as there are places. Sites that have a bound come first, since the others may take the
  // rest, but in turn where there are so few places that the bounds mean nothing. `serve` may take places, and make sites wait.
  void serve_line(std::size_t most, const std::function<void(std::uint32_t site)>& serve);

 private:
  static constexpr std::size_t kFew = 4;  // below it a quarter is none

  std::array<std::size_t, 3> taken_{};
  std::array<std::deque<std::uint32_t>, 3> lines_;
  std::size_t first_served_ = 0;  // of the lines, where they take turns
};

}  // namespace mxpress::mta::delivery
