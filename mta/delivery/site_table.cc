// Finds sites by their keys, and keeps the chains of their members.
#include "mta/delivery/site_table.h"

#include <algorithm>
#include <memory>

#include "mta/delivery/destinations.h"
#include "mta/transport/session_key.h"

namespace mxpress::mta::delivery {
namespace {

auto links(Destinations& destinations) {
  return [&destinations](DestinationIndex index) -> DestinationIndex& { return destinations[index].next_member; };
}

}  // namespace

SiteIndex SiteTable::index(const SessionKey& key) {
  const SiteIndex index = keys_.number(key.text());
  if (index == sites_.size()) sites_.emplace_back();
  sites_[index].terms = shared_terms(key.terms);
  sites_[index].is_by_route = key.next_hop.kind == transport::NextHop::Kind::route;
  sites_[index].is_limited = !key.terms.limit.empty();
  return index;
}

std::shared_ptr<const SessionTerms> SiteTable::shared_terms(const SessionTerms& terms) {
  std::erase_if(terms_, [](const auto& known) { return known.use_count() == 1; });
  const auto found = std::find_if(terms_.begin(), terms_.end(), [&](const auto& known) { return *known == terms; });
  return found != terms_.end() ? *found : terms_.emplace_back(std::make_shared<const SessionTerms>(terms));
}

void SiteTable::forget(SiteIndex index) {
  Site& site = sites_[index];
  const Instant next_wake = site.next_wake;
  keys_.forget(index);
  std::destroy_at(&site);
  std::construct_at(&site);
  site.next_wake = next_wake;
}

void SiteTable::join(DestinationIndex index, SiteIndex site) {
  Destination& destination = destinations_[index];
  if (destination.site != queue::kNone) sites_[destination.site].members.erase(index, links(destinations_));
  destination.site = site;
  sites_[site].members.push_back(index, links(destinations_));
}

DestinationIndex SiteTable::next_member(DestinationIndex member) const { return destinations_[member].next_member; }

void SiteTable::keep_members(const std::function<bool(DestinationIndex)>& stays) {
  for (Site& site : sites_) {
    Chain kept;
    for (DestinationIndex index = site.members.front(); index != Chain::kEnd;) {
      const DestinationIndex next = destinations_[index].next_member;
      if (stays(index)) kept.push_back(index, links(destinations_));
      index = next;
    }
    site.members = kept;
  }
}

Backoff* SiteTable::backoff_of(DestinationIndex index) {
  Destination& destination = destinations_[index];
  if (destination.backoff.active()) return &destination.backoff;
  if (destination.site != queue::kNone && sites_[destination.site].backoff.active()) return &sites_[destination.site].backoff;
  return nullptr;
}

}  // namespace mxpress::mta::delivery
