// Divides the places for deliveries among owners and sites of a worker.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "mta/delivery/standing.h"
#include "mta/fairness/owner.h"
#include "mta/fairness/owner_lines.h"

namespace mxpress::mta::delivery {

// The places of one transport. `most`: their current number; at least 1. Thread: of the worker. Half of the places are for proven sites, an
// eighth is for sites of which nothing is known, and at most a quarter is for failing ones, so that slow or dead hosts, however many, leave
// places for the others. Each limit applies to all sites of the same or worse standing. Within each limit owners have fair shares: an owner
// may hold as many places as he leaves free, or more while a quarter stays free for others, and in any case one of each standing while any
// is free. So a single owner has three quarters, and a later one finds a place at once, even if the mail of a few others is for dead hosts.
class Places {
 public:
  // The place that a delivery holds for the owner of the message.
  struct Place {
    Standing standing;  // of the site, when the delivery began
    fairness::Owner owner;
  };
  // By sites that are not known to be quick.
  std::uint32_t taken_by_unquick() const;
  bool has_one(const Place& place, std::size_t most) const;
  void take(const Place& place);
  void give_back(const Place& place);

  // The site stands in the owner's line until serve_line() calls `serve` with it. It may stand in the lines of several owners; then it
  // leaves all of them.
  void wait(std::uint32_t site, const Place& place);
  // Calls `serve` with waiting sites as far as owners have places. Owners take turns, and of one owner's sites the newest and the oldest.
  // Sites with a limit come first, since the others may take the rest, but in turn if there are so few places that the limits have no
  // meaning. `serve` may take places, and make sites wait. Owners who hold places are passed over: at most `most` for each site served.
  void serve_line(std::size_t most, const std::function<void(std::uint32_t site)>& serve);

 private:
  static constexpr std::size_t kStandings = 4;
  static constexpr std::size_t kFew = 4;                 // with fewer, a quarter would be none
  using Counts = std::array<std::uint32_t, kStandings>;  // by standing

  bool has_room(Standing standing, std::size_t most) const;
  bool has_share(const Place& place, std::size_t most) const;

  Counts taken_{};
  boost::unordered_flat_map<fairness::Owner, Counts> of_owner_;  // only owners who hold places
  std::array<fairness::OwnerLines<std::uint32_t>, kStandings> lines_;
  std::size_t first_served_ = 0;  // of the lines, when they take turns
};

}  // namespace mxpress::mta::delivery
