// The deliveries in progress, by owner and site.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "mta/delivery/site_owner.h"

namespace mxpress::mta::delivery {

// Counts each owner's deliveries in progress at each site; an owner without any takes no memory. Thread: of the worker.
class SiteShares {
 public:
  void begin(queue::SiteIndex site, const fairness::Owner& owner) { ++held_[{site, owner}]; }
  void end(queue::SiteIndex site, const fairness::Owner& owner) {
    const auto found = held_.find({site, owner});
    assert(found != held_.end());
    if (--found->second == 0) held_.erase(found);
  }
  std::uint32_t held(queue::SiteIndex site, const fairness::Owner& owner) const {
    const auto found = held_.find({site, owner});
    return found == held_.end() ? 0 : found->second;
  }

 private:
  boost::unordered_flat_map<SiteOwner, std::uint32_t> held_;
};

}  // namespace mxpress::mta::delivery
