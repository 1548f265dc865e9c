// What a worker knows of destinations and sites without mail goes once there is much of it: names that were written to once must not fill
// the memory.
#include <algorithm>
#include <memory>
#include <utility>

#include "mta/delivery/worker.h"

namespace mxpress::mta::delivery {
namespace {

constexpr std::size_t kBriefText = 100;             // octets
constexpr std::size_t kManyTroubledSites = 10'000;  // without mail; beyond it their backoff is forgotten

template <class Link>
void keep(Chain& chain, Link link, const auto& is_kept) {
  Chain kept;
  for (std::uint32_t index = chain.front(); index != Chain::kEnd;) {
    const std::uint32_t next = link(index);
    if (is_kept(index)) kept.push_back(index, link);
    index = next;
  }
  chain = kept;
}

}  // namespace

// Takes time by all destinations, and is done again only when a quarter as many have come. Nobody who waits has a destination
// without jobs at hand: but for lookups, which are left alone, and fail_all(), which notices that `answers` has changed.
void Worker::forget_unused() {
  const auto unused = unused_destinations();
  for (const DestinationIndex index : unused) destinations_[index].is_known = false;
  const auto is_kept = [this](DestinationIndex index) { return destinations_[index].is_known; };
  std::size_t troubled = 0;
  for (Site& site : sites_) {
    keep(site.members, member_links(), is_kept);
    troubled += site.members.empty() && site.trouble.active();
  }
  for (const DestinationIndex index : unused) {
    services_.ownership.forget_destination(name_of(index), index_);
    schedule_.forget(index);
    Destination fresh;
    fresh.answers = destinations_[index].answers + 1;
    fresh.next_wake = destinations_[index].next_wake;
    destinations_[index] = std::move(fresh);
  }
  for (SiteIndex index = 0; index < sites_.size(); ++index)
    if (!sites_[index].trouble.active() || troubled > kManyTroubledSites) forget_site(index);
  const std::size_t left = schedule_.known_destinations();
  forget_at_ = std::max(services_.many_destinations, left + left / 4);
}

std::vector<queue::DestinationIndex> Worker::unused_destinations() const {
  std::vector<DestinationIndex> unused;
  for (DestinationIndex index = 0; index < destinations_.size(); ++index) {
    const Destination& destination = destinations_[index];
    if (destination.is_known && !has_fixed_site(index) && !destination.locating && !schedule_.has_jobs(index)) unused.push_back(index);
  }
  return unused;
}

// If nothing needs it.
void Worker::forget_site(SiteIndex index) {
  Site& site = sites_[index];
  if (site_keys_.name(index).empty() || site.active > 0 || site.is_waiting) return;
  if (!site.members.empty() || !schedule_.ready().empty_at(index) || transport_of(site).keeps_site(index)) return;
  const Instant next_wake = site.next_wake;
  services_.ownership.leave_site(key_of(index), index_);
  site_keys_.forget(index);
  std::destroy_at(&site);
  std::construct_at(&site);
  site.next_wake = next_wake;
}

// For what is kept of each of many destinations.
proto::HostResult Worker::brief(proto::HostResult result) const {
  if (schedule_.known_destinations() > services_.many_destinations && result.text.size() > kBriefText) result.text.resize(kBriefText);
  return result;
}

}  // namespace mxpress::mta::delivery
