// Times at which destinations and sites are served.
#include "mta/delivery/wakes.h"

#include "mta/delivery/destinations.h"
#include "mta/delivery/site_table.h"

namespace mxpress::mta::delivery {

Instant& Wakes::awaited(const Wake& wake) {
  return wake.kind == Kind::site ? sites_[wake.index].next_wake : destinations_[wake.index].next_wake;
}

}  // namespace mxpress::mta::delivery
