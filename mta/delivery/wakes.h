// The times at which destinations and sites are to be served again.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "mta/delivery/forward.h"

namespace mxpress::mta::delivery {

// Each destination and each site is served at the earliest requested time. When served it checks itself what there is to do, and may
// request another time. Thread: one.
class Wakes {
 public:
  Wakes(Destinations& destinations, SiteTable& sites) : destinations_(destinations), sites_(sites) {}

  void wake_destination(DestinationIndex index, Instant when) { wake({when, Kind::destination, index}); }
  void wake_site(SiteIndex index, Instant when) { wake({when, Kind::site, index}); }
  std::optional<Instant> next() const { return wakes_.empty() ? std::nullopt : std::optional(wakes_.top().when); }
  // Calls one of them for each entry that is due, also for entries that become due during these calls.
  template <class ServeDestination, class ServeSite>
  void serve_due(Instant now, ServeDestination serve_destination, ServeSite serve_site) {
    while (!wakes_.empty() && wakes_.top().when <= now) {
      const Wake wake = pop();
      if (wake.kind == Kind::site)
        serve_site(wake.index);
      else
        serve_destination(wake.index);
    }
  }

 private:
  enum class Kind { destination, site };
  struct Wake {
    Instant when;
    Kind kind;
    std::uint32_t index;
    bool operator>(const Wake& other) const { return when > other.when; }
  };

  // The earliest arranged time; max: none.
  Instant& awaited(const Wake& wake);
  void wake(const Wake& wake) {
    if (awaited(wake) <= wake.when) return;
    awaited(wake) = wake.when;
    wakes_.push(wake);
  }
  Wake pop() {
    const Wake wake = wakes_.top();
    wakes_.pop();
    if (awaited(wake) == wake.when) awaited(wake) = Instant::max();
    return wake;
  }

  Destinations& destinations_;
  SiteTable& sites_;
  std::priority_queue<Wake, std::deque<Wake>, std::greater<>> wakes_;
};

}  // namespace mxpress::mta::delivery
