// Shares of places by standing and owner.
#include "mta/delivery/places.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace mxpress::mta::delivery {
namespace {

constexpr std::array<std::size_t, 4> kEighths = {2, 3, 4, 8};  // of the places, for sites of this standing and those below it

std::size_t index_of(Standing standing) { return static_cast<std::size_t>(standing); }

// Calls `holds` for each limit that a place of this standing counts for, with its number of places, those taken and those of the owner.
template <class Counts, class Holds>
bool holds_for_all(Standing standing, std::size_t most, const Counts& taken, const Counts& own, Holds holds) {
  std::size_t all = 0, mine = 0;
  for (std::size_t part = 0; part < kEighths.size(); ++part) {
    all += taken[part];
    mine += own[part];
    if (part >= index_of(standing) && !holds(std::max<std::size_t>(1, most * kEighths[part] / 8), all, mine)) return false;
  }
  return true;
}

}  // namespace

bool Places::has_room(Standing standing, std::size_t most) const {
  return holds_for_all(standing, most, taken_, taken_, [](std::size_t bound, std::size_t all, std::size_t) { return all < bound; });
}

// True if there is room. The owner is not looked up while a quarter is free.
bool Places::has_share(const Place& place, std::size_t most) const {
  const auto leaves_quarter = [](std::size_t bound, std::size_t all, std::size_t) { return all + 1 + (bound + 3) / 4 <= bound; };
  if (holds_for_all(place.standing, most, taken_, taken_, leaves_quarter)) return true;
  const auto own = of_owner_.find(place.owner);
  if (own == of_owner_.end() || own->second[index_of(place.standing)] == 0) return true;
  return holds_for_all(place.standing, most, taken_, own->second, [&](std::size_t bound, std::size_t all, std::size_t mine) {
    return leaves_quarter(bound, all, mine) || mine + 1 <= bound - all - 1;
  });
}

std::uint32_t Places::taken_by_unquick() const {
  return std::accumulate(taken_.begin(), taken_.begin() + index_of(Standing::proven), std::uint32_t{0});
}

bool Places::has_one(const Place& place, std::size_t most) const { return has_room(place.standing, most) && has_share(place, most); }

void Places::take(const Place& place) {
  ++taken_[index_of(place.standing)];
  ++of_owner_[place.owner][index_of(place.standing)];
}

void Places::give_back(const Place& place) {
  const auto own = of_owner_.find(place.owner);
  assert(own != of_owner_.end() && own->second[index_of(place.standing)] > 0);
  --taken_[index_of(place.standing)];
  --own->second[index_of(place.standing)];
  if (own->second == Counts{}) of_owner_.erase(own);
}

// All entries of a site are in the lines of one standing: it leaves them together.
void Places::wait(std::uint32_t site, const Place& place) {
  for (auto& lines : lines_)
    if (lines.waits(site)) return lines.enter(site, place.owner);
  lines_[index_of(place.standing)].enter(site, place.owner);
}

// A delivery that begins here may end here, too: then the line has been served already.
void Places::serve_line(std::size_t most, const std::function<void(std::uint32_t site)>& serve) {
  std::array<Standing, 4> order = {Standing::unproven, Standing::slow, Standing::failing, Standing::proven};
  if (most < kFew) std::rotate(order.begin(), order.begin() + first_served_++ % order.size(), order.end());
  for (const Standing standing : order) {
    auto& lines = lines_[index_of(standing)];
    for (std::size_t left = lines.waiting(); left > 0 && has_room(standing, most); --left) {
      const auto next = lines.next([&](const fairness::Owner& owner) { return has_share({standing, owner}, most); });
      if (!next) break;
      serve(next->item);
    }
  }
}

}  // namespace mxpress::mta::delivery
