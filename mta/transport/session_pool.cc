// Idle sessions by site and by age.
#include "mta/transport/session_pool.h"

#include <algorithm>
#include <utility>

#include "dns/target.h"
#include "mta/smtp/client.h"

namespace mxpress::mta::transport {

SessionPool::Session::Session() = default;

SessionPool::Session::Session(Session&&) noexcept = default;

SessionPool::Session& SessionPool::Session::operator=(Session&&) noexcept = default;

SessionPool::Session::~Session() = default;

void SessionPool::put(std::uint32_t site, Session session, Instant now) {
  const Place place = entries_.insert(entries_.end(), {site, std::move(session), now, std::nullopt});
  const auto [first, is_first] = first_.try_emplace(site, place);
  if (is_first) return;
  Place last = first->second;
  while (last->next) last = *last->next;
  last->next = place;
}

SessionPool::Session SessionPool::take(std::uint32_t site, const dns::Target& target) {
  const auto first = first_.find(site);
  if (first == first_.end()) return {};
  for (std::optional<Place> place = first->second; place; place = (*place)->next) {
    const dns::Target& reached = (*place)->session.client->target();
    if (reached.host == target.host && reached.address == target.address && reached.port == target.port) return take(*place);
  }
  return {};
}

std::optional<Instant> SessionPool::oldest() const { return entries_.empty() ? std::nullopt : std::optional(entries_.front().since); }

SessionPool::Session SessionPool::take_oldest() { return take(entries_.begin()); }

SessionPool::Session SessionPool::take_wanted() {
  const auto is_wanted = [](const Entry& entry) { return entry.session.connection.wanted() != TargetConnections::Wanted::no; };
  const auto found = std::find_if(entries_.begin(), entries_.end(), is_wanted);
  return found == entries_.end() ? Session() : take(found);
}

SessionPool::Session SessionPool::take(Place place) {
  const auto first = first_.find(place->site);
  if (first->second != place) {
    Place before = first->second;
    while (*before->next != place) before = *before->next;
    before->next = place->next;
  } else if (place->next) {
    first->second = *place->next;
  } else {
    first_.erase(first);
  }
  Session session = std::move(place->session);
  entries_.erase(place);
  return session;
}

}  // namespace mxpress::mta::transport
