// Finds the site of a destination: asks the DNS, or uses the configured route, for the mail hosts. RFC 5321 5.1
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>

#include "dns/async.h"
#include "mta/delivery/forward.h"
#include "mta/delivery/lookup_line.h"
#include "mta/delivery/target_rules.h"
#include "proto/outcome.h"

namespace mxpress::queue {
struct SiteRecord;
}

namespace mxpress::mta::routing {
struct Route;
}
namespace mxpress::mta::sts {
class Lookup;
}

namespace mxpress::mta::delivery {

struct SiteClaim;

// A site belongs to the worker that looked it up first, or to another one that has a place for it when this one has none: if that is
// another one, the ready jobs of the destination move there. A lookup with a transient failure makes the destination back off; a permanent
// failure fails its mail. Thread: the worker's.
class ResolveStage {
 public:
  struct Parts {
    queue::Schedule& schedule;
    Destinations& destinations;
    SiteTable& sites;
    Wakes& wakes;
    AgePolicy& age;
    Backoffs& backoffs;
    Ownership& ownership;
    queue::MessageStore& spool;
    std::mt19937_64& random;
    SiteOutages* outages = nullptr;  // null: not reported
    sts::Lookup* sts = nullptr;      // null: no MTA-STS
    std::size_t workers = 1;         // of the daemon: they share its lookups
    OwnAddresses::Query own_addresses = addresses_of_interfaces;
  };
  struct Actions {
    std::function<void(DestinationIndex)> serve;  // the destination has a new result
    std::function<void()> run_due;
    std::function<void(Conclusion)> conclude;  // for a leased job
    std::function<Task<void>(Conclusion)> conclude_in_turn;
    // True if the owner has a place for a delivery to a site of which nothing is known. Empty: always.
    std::function<bool(const fairness::Owner&)> has_place{};
  };
  // The rules for finding hosts; both change together. Lookups in progress keep theirs.
  struct Rules {
    std::shared_ptr<const Config> config;
    std::shared_ptr<dns::Resolver> resolver;
  };
  ResolveStage(std::size_t worker, asio::io_context& io, Parts parts, Actions actions, Rules rules);

  // The destination has got mail. Only a local one has its site at once.
  void begin(DestinationIndex index);
  // Ready mail needs the hosts of the destination: looks them up, or waits until one of the owners of the mail has a place.
  void look_up(DestinationIndex index);
  // Uses the result of the worker that a job comes from. False: it is not new.
  bool take_over(DestinationIndex index, const std::shared_ptr<const Resolved>& resolved);
  // Looks everything up again.
  void reconfigured(Rules rules);
  // Lookups in progress have no effect any more.
  void stop() { stopping_ = true; }

 private:
  void look_up_next();
  void begin_lookup(const LookupLine::Lookup& lookup);
  Task<void> ask(DestinationIndex index, fairness::Owner owner);
  Task<dns::Targets> find_hosts(proto::Domain domain, fairness::Owner owner, routing::Route& route, const Rules& rules);
  void answered(DestinationIndex index, const std::shared_ptr<const Resolved>& resolved);
  void failed(DestinationIndex index, const dns::Targets& found);
  Task<void> fail_all(DestinationIndex index, std::uint16_t answer, proto::HostResult result);
  SiteClaim claim(DestinationIndex index, const SessionKey& key);
  void pass_on(DestinationIndex index, const std::shared_ptr<const Resolved>& resolved);
  void join_local(DestinationIndex index);
  void keep_failures(Destination& destination);
  void join_site(DestinationIndex index, SiteIndex site);
  SiteIndex site_index(const SessionKey& key, std::optional<queue::SiteRecord> restored);

  const std::size_t worker_;
  asio::io_context& io_;
  const Parts parts_;
  const Actions actions_;
  Rules rules_;
  OwnAddresses own_addresses_;
  LookupLine lookups_;  // waiting destinations count as resolving, too
  bool stopping_ = false;
};

}  // namespace mxpress::mta::delivery
