// Chooses whose mail is delivered next at a site.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

#include "mta/delivery/busy_sites.h"
#include "mta/delivery/forward.h"
#include "mta/delivery/pause.h"
#include "mta/delivery/places.h"
#include "mta/delivery/site_shares.h"
#include "mta/transport/transports.h"

namespace mxpress::mta::delivery {

// Owners take turns at a site. An owner has his turn there if the site has room for him, his mail does not wait for its hosts, and he has a
// place among the worker's deliveries. Thread: the worker's.
class Turns {
 public:
  struct Parts {
    queue::Schedule& schedule;
    Destinations& destinations;
    SiteTable& sites;
    Wakes& wakes;
    const transport::Transports& transports;
    const CurrentConfig& config;
    std::atomic<std::uint32_t>* busy = nullptr;  // told how many places are held by sites that are not known to be quick; may be null
  };
  explicit Turns(Parts parts) : parts_(parts) {}

  enum class Turn { found, without_place, full };
  // The turn goes to the next owner with mail at the site who may begin a delivery; only some owners are looked at. `without_place`: one of
  // them waits only for a place or a host; `full`: the site has no room for any of them.
  Turn find(SiteIndex site);
  // True if the site has room for one more delivery of this owner's mail for that destination; during a backoff, for a probe.
  bool has_room(SiteIndex site, DestinationIndex destination, const fairness::Owner& owner) const;
  // True if the site could try its hosts for this owner's mail: he has a place, and his mail does not wait for a host.
  bool may_ask(SiteIndex site, const fairness::Owner& owner) const;
  // True if the owner has a place for a delivery to mail hosts of which nothing is known.
  bool has_place_for_new(const fairness::Owner& owner) const;
  // The site waits for a place in the lines of the owners that find() has looked at, or until their mail may try its hosts again.
  void wait_for_place(SiteIndex site);
  // Serves the sites that wait for a place at the transport of this site.
  void serve_line(SiteIndex site, const std::function<void(SiteIndex)>& serve);

  // Call them when a delivery begins and ends.
  Places::Place begin(SiteIndex site, const fairness::Owner& owner);
  void end(SiteIndex site, const Places::Place& place);

  // The mail hosts accept no more connections for this owner's mail at the moment: all of it waits at this site as one, for a moment or
  // until host_has_room().
  void wait_for_host(SiteIndex site, const fairness::Owner& owner);
  // True if it has waited for them lately, and may have to wait again.
  bool has_waited_for_host(SiteIndex site, const fairness::Owner& owner) const { return busy_.knows(site, owner); }
  void host_has_room(SiteIndex site, const fairness::Owner& owner) { busy_.end(site, owner); }

  // The number of sessions that mail for the destination may have at its site; at least 1.
  std::size_t session_limit(DestinationIndex destination, const Config& config) const;

 private:
  Turn turn_of(SiteIndex site, const fairness::Owner& owner) const;
  void tell_busy() const;
  std::optional<Instant> waits_for_host(SiteIndex site, const fairness::Owner& owner) const;
  std::size_t most_places(const Site& site) const;
  const Places& places_of(const Site& site) const;
  Places& places_of(const Site& site) { return const_cast<Places&>(std::as_const(*this).places_of(site)); }

  const Parts parts_;
  std::array<Places, transport::kTransports> places_;  // by kind of transport
  SiteShares shares_;
  BusySites busy_;
  Pause busy_pause_{std::chrono::seconds(2), std::chrono::milliseconds(10)};
};

}  // namespace mxpress::mta::delivery
