// Applies outages of this host to the sites and destinations of a worker.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mta/delivery/forward.h"
#include "mta/delivery/site_failure.h"
#include "mta/fairness/owner.h"
#include "mta/routing/destination_name.h"

namespace mxpress::dns {
struct Targets;
}
namespace mxpress::mta::routing {
struct Route;
}

namespace mxpress::mta::delivery {

// Thread: the worker's.
class SiteOutages {
 public:
  struct Parts {
    const queue::Schedule& schedule;
    Destinations& destinations;
    SiteTable& sites;
    Wakes& wakes;
    Backoffs& backoffs;
    const CurrentConfig& config;
    Outages* outages;  // null: outages are not detected
  };
  explicit SiteOutages(Parts parts) : parts_(parts) {}

  // Reports the result of an attempt, or of a lookup.
  void attempted(SiteIndex site, DestinationIndex destination, const fairness::Owner& owner, const AttemptReport& report);
  void looked_up(DestinationIndex destination, const routing::Route& route, const fairness::Owner& owner, const dns::Targets& found);

  // True if an attempt for ready mail may begin; otherwise changed() is called when it may.
  bool may_connect(SiteIndex site, DestinationIndex destination);
  bool may_look_up(DestinationIndex destination);
  // Reports the routes that mail here waits for, while one fails.
  void tell_wanted_routes() const;
  // The gates have changed: waiting mail is tried, if it may be or has a fallback now.
  void changed();

  // See AgePolicy::Actions.
  std::optional<SiteFailure> why(DestinationIndex destination) const;
  Duration paused(DestinationIndex destination, Instant from, Instant to) const;
  // The time when an outage of direct delivery may end; nullopt: unknown.
  std::optional<Instant> next_probe(DestinationIndex destination) const;

 private:
  bool is_direct(SiteIndex site) const;
  // "direct", or a route by its source; empty: mail for this host.
  std::string way(DestinationIndex destination) const;
  fairness::Owner owner_at(DestinationIndex destination) const;

  const Parts parts_;
};

}  // namespace mxpress::mta::delivery
