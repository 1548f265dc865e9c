// The state of a worker for operators: a row for each destination with mail.
#pragma once

#include <vector>

#include "mta/delivery/deliverer.h"
#include "mta/delivery/forward.h"
#include "queue/instant.h"

namespace mxpress::mta::delivery {

// Read-only. Thread: the worker's.
class AdminView {
 public:
  AdminView(const queue::Schedule& schedule, const Destinations& destinations, const SiteTable& sites, const SiteLimits& limits,
            const Flights& flights, const SiteOutages* outages = nullptr)
      : schedule_(schedule), destinations_(destinations), sites_(sites), limits_(limits), flights_(flights), outages_(outages) {}

  // See Deliverer::status().
  std::vector<DestinationStatus> status(Instant now) const;
  // See Deliverer::status_of().
  std::vector<DestinationStatus> status_of(queue::QueueId message, Instant now) const;

 private:
  struct Tally;
  DestinationStatus row(DestinationIndex index, const Tally& tally, Instant now) const;

  const queue::Schedule& schedule_;
  const Destinations& destinations_;
  const SiteTable& sites_;
  const SiteLimits& limits_;
  const Flights& flights_;
  const SiteOutages* const outages_;  // null: there are none
};

}  // namespace mxpress::mta::delivery
