// The mail that waits, by owner and site, because the mail hosts accept no more connections at the moment.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "mta/delivery/site_owner.h"
#include "queue/instant.h"

namespace mxpress::mta::delivery {

// All mail of an owner at a site waits as one, for any number of messages: until there is room, or for a while as a precaution. When fewer
// deliveries of the site are in progress it need not wait, because one of their sessions may be free. Thread: one.
class BusySites {
 public:
  // `active`: deliveries of the site in progress.
  void begin(queue::SiteIndex site, const fairness::Owner& owner, std::uint32_t active, queue::Instant now, queue::Instant until) {
    if (waits_.size() >= look_at_) forget(now);
    waits_[{site, owner}] = {until, active};
  }
  void end(queue::SiteIndex site, const fairness::Owner& owner) { waits_.erase({site, owner}); }
  // The time until which the owner's mail waits there, unless there is room before; nullopt: it need not wait.
  std::optional<queue::Instant> until(queue::SiteIndex site, const fairness::Owner& owner, std::uint32_t active, queue::Instant now) const {
    const auto found = waits_.find({site, owner});
    if (found == waits_.end() || found->second.until <= now || active < found->second.active) return std::nullopt;
    return found->second.until;
  }
  // True if its hosts were busy lately, so that they may still be busy.
  bool knows(queue::SiteIndex site, const fairness::Owner& owner) const { return waits_.contains({site, owner}); }
  std::size_t size() const { return waits_.size(); }

 private:
  static constexpr std::size_t kFew = 64;
  struct Wait {
    queue::Instant until;
    std::uint32_t active;
  };
  // Removes waits that are over and that nobody has asked about.
  void forget(queue::Instant now) {
    boost::unordered::erase_if(waits_, [now](const auto& wait) { return wait.second.until <= now; });
    look_at_ = std::max(kFew, 2 * waits_.size());
  }

  boost::unordered_flat_map<SiteOwner, Wait> waits_;
  std::size_t look_at_ = kFew;
};

}  // namespace mxpress::mta::delivery
