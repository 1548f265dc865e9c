// Why sites and lookups back off, and when they are asked again.
#pragma once

#include <functional>
#include <optional>
#include <random>
#include <string_view>

#include "mta/delivery/forward.h"
#include "proto/outcome.h"
#include "queue/instant.h"

namespace mxpress::queue {
struct Job;
struct SiteRecord;
}  // namespace mxpress::queue

namespace mxpress::mta::delivery {

using queue::Instant;

class Backoff;

// Changes the backoff of sites and lookups, has the spool remember it, and arranges the next probe. Thread: the worker's.
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

  // What an earlier run left: of the lookup of a destination, or of a site that is known here.
  void restore(const queue::SiteRecord& record);
  void restore_site(SiteIndex site, const queue::SiteRecord& record);

  // The attempt for a message met a failure. False: it is that message's own, which waits by itself, and another may ask the host at once.
  bool counts_against_site(SiteIndex site, const queue::Message& message, const AttemptReport& report);
  // The site backs off. `began`: the delivery. While the site backs off already, one that began before the next probe was due tells nothing
  // new: what several owners meet at a time is one failure.
  void failed(DestinationIndex destination, SiteIndex site, const proto::HostResult& failure, Instant began);
  // The site has answered to a transaction for the destination: it backs off no longer. `limit`: of its sessions; `took`: the whole
  // delivery.
  void succeeded(DestinationIndex destination, SiteIndex site, std::size_t limit, Duration took);

  // A destination has left the site: without any the site backs off no longer.
  void forget_unused(SiteIndex site);

  // The operator asks: whatever backs off is asked now, the lookup and the site if it is known already.
  void probe_now(DestinationIndex index);
  // What this host signs in with by [credentials.`name`] may be another one; none: by any. Sites that back off and use it are asked now.
  void login_changed(std::optional<std::string_view> name);
  // The same of sites that back off and that `is_meant` chooses, and of all lookups that back off.
  void ask_sites(const std::function<bool(SiteIndex)>& is_meant);
  void ask_lookups();
  // Whether mail has come since the last failure: it need not wait out a long backoff.
  bool has_fresh(DestinationIndex index, const Backoff& backoff) const;

 private:
  void wait_with_lookup(DestinationIndex destination, const proto::HostResult& failure);
  void end_lookup_wait(DestinationIndex destination);
  void make_due(const std::function<bool(const queue::Job&)>& is_meant);

  const Parts parts_;
};

}  // namespace mxpress::mta::delivery
