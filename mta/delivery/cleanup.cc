// Forgets destinations and sites without mail.
#include "mta/delivery/cleanup.h"

#include <algorithm>
#include <utility>

#include "mta/delivery/destinations.h"
#include "mta/delivery/notices.h"
#include "mta/delivery/ownership.h"
#include "mta/delivery/site_table.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

constexpr std::size_t kManyFailingSites = 10'000;  // without mail; beyond it their backoff is forgotten

}  // namespace

Cleanup::Cleanup(std::size_t worker, Parts parts, std::size_t many, std::function<bool(SiteIndex)> has_sessions)
    : worker_(worker), parts_(parts), many_(many), has_sessions_(std::move(has_sessions)), due_at_(many), sites_due_at_(many) {}

bool Cleanup::is_due() const { return parts_.schedule.known_destinations() >= due_at_ || parts_.sites.known() >= sites_due_at_; }

void Cleanup::run() {
  auto& [schedule, destinations, sites, ownership] = parts_;
  const std::size_t failing = forget_destinations();
  for (SiteIndex index = 0; index < sites.size(); ++index) {
    if (sites[index].backoff.active() && failing <= kManyFailingSites) continue;
    if (!is_unused(index)) continue;
    ownership.leave_site(sites.key(index), worker_);
    sites.forget(index);
  }
  const std::size_t left = schedule.known_destinations();
  due_at_ = std::max(many_, left + left / 4);
  sites_due_at_ = std::max(many_, sites.known() + sites.known() / 4);
}

// Returns the number of sites in backoff without members. Coroutines never wait holding a destination without jobs, except for lookups,
// whose destinations are kept, and fail_all(), which notices that `answers` has changed.
std::size_t Cleanup::forget_destinations() {
  auto& [schedule, destinations, sites, ownership] = parts_;
  const auto unused = unused_destinations();
  for (const DestinationIndex index : unused) destinations[index].is_known = false;
  sites.keep_members([&destinations = destinations](DestinationIndex index) { return destinations[index].is_known; });
  for (const DestinationIndex index : unused) {
    ownership.forget_destination(destinations.name(index), worker_);
    destinations.forget(index);
  }
  std::size_t failing = 0;
  for (SiteIndex index = 0; index < sites.size(); ++index) failing += sites[index].members.empty() && sites[index].backoff.active();
  return failing;
}

std::vector<DestinationIndex> Cleanup::unused_destinations() const {
  std::vector<DestinationIndex> unused;
  for (DestinationIndex index = 0; index < parts_.destinations.size(); ++index) {
    const Destination& destination = parts_.destinations[index];
    if (!destination.is_known || destination.resolving || parts_.schedule.has_jobs(index)) continue;
    if (!parts_.destinations.name(index).is_mailbox()) unused.push_back(index);
  }
  return unused;
}

bool Cleanup::is_unused(SiteIndex index) const {
  const Site& site = parts_.sites[index];
  if (!parts_.sites.is_known(index) || site.active > 0 || site.is_waiting) return false;
  return site.members.empty() && parts_.schedule.ready().empty_at(index) && !has_sessions_(index);
}

}  // namespace mxpress::mta::delivery
