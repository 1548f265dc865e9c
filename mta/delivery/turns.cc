// Turns of owners at sites.
#include "mta/delivery/turns.h"

#include <algorithm>

#include "mta/config/config.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/wakes.h"
#include "mta/system/instant.h"
#include "mta/transport/session_key.h"
#include "mta/transport/transport.h"
#include "mta/transport/transports.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

std::size_t Turns::most_places(const Site& site) const { return parts_.transports.of(*site.terms).most_orders(*parts_.config.get()); }

const Places& Turns::places_of(const Site& site) const { return places_[static_cast<std::size_t>(site.terms->transport)]; }

Turns::Turn Turns::find(SiteIndex index) {
  const queue::ReadyLines& ready = parts_.schedule.ready();
  const fairness::Owner first = ready.owner(ready.line_at(index));
  Turn best = Turn::full;
  for (std::size_t looked_at = 0; looked_at < kFewOwners; ++looked_at) {
    const fairness::Owner& owner = ready.owner(ready.line_at(index));
    if (looked_at > 0 && owner == first) break;
    const Turn turn = turn_of(index, owner);
    if (turn == Turn::found) return turn;
    if (turn == Turn::without_place) best = turn;
    parts_.schedule.skip_owner_at(index);
  }
  return best;
}

// The turn of the owner of the next job at the site.
Turns::Turn Turns::turn_of(SiteIndex index, const fairness::Owner& owner) const {
  if (!has_room(index, parts_.schedule.job(parts_.schedule.ready().next_at(index)).destination, owner)) return Turn::full;
  return may_ask(index, owner) ? Turn::found : Turn::without_place;
}

bool Turns::has_room(SiteIndex index, DestinationIndex destination, const fairness::Owner& owner) const {
  const Site& site = parts_.sites[index];
  const std::uint32_t held = site.active == 0 ? 0 : shares_.held(index, owner);
  const std::size_t limit = session_limit(destination, *parts_.config.get());
  return site.backoff.active() ? site.has_room_for_probe(limit, held) : site.has_room(limit, held);
}

bool Turns::may_ask(SiteIndex index, const fairness::Owner& owner) const {
  const Site& site = parts_.sites[index];
  return !waits_for_host(index, owner) && places_of(site).has_one({site.standing(), owner}, most_places(site));
}

bool Turns::has_place_for_new(const fairness::Owner& owner) const {
  const auto usual = transport::usual_terms();
  const Places& places = places_[static_cast<std::size_t>(usual->transport)];
  return places.has_one({Standing::unproven, owner}, parts_.transports.of(*usual).most_orders(*parts_.config.get()));
}

// Time when the wait ends; nullopt: it does not wait.
std::optional<Instant> Turns::waits_for_host(SiteIndex index, const fairness::Owner& owner) const {
  if (busy_.size() == 0) return std::nullopt;  // without reading the clock
  return busy_.until(index, owner, parts_.sites[index].active, instant_now());
}

void Turns::wait_for_place(SiteIndex index) {
  Site& site = parts_.sites[index];
  const queue::ReadyLines& ready = parts_.schedule.ready();
  ready.any_line_at(index, kFewOwners, [&](queue::LineIndex line) {
    const fairness::Owner& owner = ready.owner(line);
    if (const auto until = waits_for_host(index, owner)) {
      parts_.wakes.wake_site(index, *until);
    } else {
      site.is_waiting = true;
      places_of(site).wait(index, {site.standing(), owner});
    }
    return false;
  });
}

void Turns::serve_line(SiteIndex index, const std::function<void(SiteIndex)>& serve) {
  const Site& site = parts_.sites[index];
  places_of(site).serve_line(most_places(site), [&](SiteIndex waiting) {
    parts_.sites[waiting].is_waiting = false;
    serve(waiting);
  });
}

Places::Place Turns::begin(SiteIndex index, const fairness::Owner& owner) {
  Site& site = parts_.sites[index];
  ++site.active;
  const Places::Place place{site.standing(), owner};
  places_of(site).take(place);
  tell_busy();
  shares_.begin(index, owner);
  return place;
}

void Turns::end(SiteIndex index, const Places::Place& place) {
  Site& site = parts_.sites[index];
  --site.active;
  places_of(site).give_back(place);
  tell_busy();
  shares_.end(index, place.owner);
}

void Turns::tell_busy() const {
  if (!parts_.busy) return;
  *parts_.busy = places_[static_cast<std::size_t>(transport::usual_terms()->transport)].taken_by_unquick();
}

void Turns::wait_for_host(SiteIndex index, const fairness::Owner& owner) {
  const Instant now = instant_now();
  busy_.begin(index, owner, parts_.sites[index].active, now, busy_pause_.next(now));
}

std::size_t Turns::session_limit(DestinationIndex index, const Config& config) const {
  if (parts_.destinations[index].has_fixed_site())
    return parts_.transports.of(*parts_.sites[parts_.destinations[index].site].terms).most_orders_at_site(config);
  const auto domain = config.destinations.empty() ? std::nullopt : parts_.destinations.name(index).domain();
  const std::size_t limit = domain ? config.max_sessions_for(*domain) : config.delivery.max_sessions_per_site;
  return std::max<std::size_t>(1, limit);
}

}  // namespace mxpress::mta::delivery
