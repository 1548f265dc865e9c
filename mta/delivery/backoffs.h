// The backoffs of sites and lookups, and the times of their probes.
#pragma once

#include <functional>
#include <optional>
#include <random>
#include <string_view>

#include "mta/delivery/backoff.h"
#include "mta/delivery/forward.h"
#include "proto/outcome.h"
#include "queue/instant.h"

namespace mxpress::queue {
struct Job;
struct SiteRecord;
}  // namespace mxpress::queue

namespace mxpress::mta::replies {
struct Rule;
}

namespace mxpress::mta::delivery {

using queue::Instant;

// Changes the backoff of sites and lookups, records it in the spool, and arranges the next probe. Thread: the worker's.
class Backoffs {
 public:
  struct Parts {
    queue::Schedule& schedule;
    Destinations& destinations;
    SiteTable& sites;
    Wakes& wakes;
    AgePolicy& age;
    queue::MessageStore& spool;
    events::Hub& events;
    std::mt19937_64& random;
  };
  explicit Backoffs(Parts parts) : parts_(parts) {}

  // Restores the backoff of an earlier run: of the lookup of a destination, or of a site known here.
  void restore(const queue::SiteRecord& record);
  void restore_site(SiteIndex site, const queue::SiteRecord& record);

  // The attempt for a message failed. False: the failure concerns that message only, which waits alone; another may try the host at once.
  bool counts_against_site(DestinationIndex destination, SiteIndex site, const queue::Message& message, const AttemptReport& report);
  // The site backs off. `began`: start of the delivery. During a backoff, a delivery that began before the next probe was due gives no new
  // information: simultaneous failures of several owners' mail are one failure.
  // `pace`: a stated wait counts once, for the first failure of a row.
  void failed(DestinationIndex destination, SiteIndex site, const proto::HostResult& failure, Instant began, Backoff::Pace pace = {});
  // Tells that the site refuses mail for good by a fault of this host, and that it is kept.
  void tell_own_fault(SiteIndex site, const replies::Rule& rule, const AttemptReport& report) const;
  // The site has answered a transaction for the destination, so its backoff ends. `limit`: of its sessions; `took`: duration of the whole
  // delivery.
  void succeeded(DestinationIndex destination, SiteIndex site, std::size_t limit, Duration took);

  // A destination has left the site. A site without destinations ends its backoff.
  void forget_unused(SiteIndex site);

  // The operator requests a try: probes everything in backoff now, the lookup and, if it is known already, the site.
  void probe_now(DestinationIndex index);
  // The login of [credentials.`name`] may have changed (nullopt: any login). Sites in backoff that use it are tried now.
  void login_changed(std::optional<std::string_view> name);
  // The same for sites in backoff that `is_meant` selects, and for all lookups in backoff.
  void ask_sites(const std::function<bool(SiteIndex)>& is_meant);
  void ask_lookups();
  // True if mail has arrived since the last failure: it need not wait out a long backoff.
  bool has_fresh(DestinationIndex index, const Backoff& backoff) const;

 private:
  void wait_with_lookup(DestinationIndex destination, const proto::HostResult& failure);
  void end_lookup_wait(DestinationIndex destination);
  void make_due(const std::function<bool(const queue::Job&)>& is_meant);

  const Parts parts_;
};

}  // namespace mxpress::mta::delivery
