// Shares of places by standing.
#include "mta/delivery/places.h"

#include <algorithm>

namespace mxpress::mta::delivery {

bool Places::has_one(Standing standing, std::size_t most) const {
  constexpr std::array<std::size_t, 3> kParts = {4, 2, 1};
  std::size_t taken = 0;
  for (std::size_t part = 0; part < kParts.size(); ++part) {
    taken += taken_[part];
    if (part >= static_cast<std::size_t>(standing) && taken >= std::max<std::size_t>(1, most / kParts[part])) return false;
  }
  return true;
}

// A delivery that begins here may end here, too: then the line has been served already.
void Places::serve_line(std::size_t most, const std::function<void(std::uint32_t site)>& serve) {
  std::array<Standing, 3> order = {Standing::unproven, Standing::troubled, Standing::proven};
  if (most < kFew) std::rotate(order.begin(), order.begin() + first_served_++ % order.size(), order.end());
  for (const Standing standing : order) {
    auto& line = lines_[static_cast<std::size_t>(standing)];
    for (std::size_t left = line.size(); left > 0 && !line.empty() && has_one(standing, most); --left) {
      const std::uint32_t site = line.front();
      line.pop_front();
      serve(site);
    }
  }
}

}  // namespace mxpress::mta::delivery
