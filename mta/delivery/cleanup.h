// Forgets destinations and sites without mail once there are many, so that names that were used once do not fill the memory.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "mta/delivery/forward.h"

namespace mxpress::mta::delivery {

// Thread: the worker's.
class Cleanup {
 public:
  struct Parts {
    queue::Schedule& schedule;
    Destinations& destinations;
    SiteTable& sites;
    Ownership& ownership;
  };
  // For this worker, beyond `many` destinations or sites. `has_sessions`: true if the transport keeps something for the site.
  Cleanup(std::size_t worker, Parts parts, std::size_t many, std::function<bool(SiteIndex)> has_sessions);

  bool is_due() const;
  // Takes time proportional to their number, and is due again only when a quarter as many have been added.
  void run();

 private:
  std::vector<DestinationIndex> unused_destinations() const;
  std::size_t forget_destinations();
  bool is_unused(SiteIndex index) const;

  const std::size_t worker_;
  const Parts parts_;
  const std::size_t many_;
  const std::function<bool(SiteIndex)> has_sessions_;
  std::size_t due_at_;        // destinations
  std::size_t sites_due_at_;  // sites
};

}  // namespace mxpress::mta::delivery
