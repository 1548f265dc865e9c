// Finds sites by their keys, and keeps the chains of their members.
#include "mta/delivery/site_table.h"

#include <algorithm>
#include <memory>
#include <utility>

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
  use_terms(sites_[index], key.terms);
  sites_[index].is_by_route = key.next_hop.kind == transport::NextHop::Kind::route;
  sites_[index].is_limited = !key.terms.limit.empty();
  return index;
}

// The usual terms, which a site has at first, are not in the table.
void SiteTable::use_terms(Site& site, const SessionTerms& terms) {
  if (*site.terms == terms) return;
  drop_terms(site);
  if (terms == *site.terms) return;
  auto& alike = terms_[terms.hash()];
  auto known = std::find_if(alike.begin(), alike.end(), [&](const TermsUse& use) { return *use.terms == terms; });
  if (known == alike.end()) known = alike.insert(alike.end(), {std::make_shared<const SessionTerms>(terms)});
  ++known->sites;
  site.terms = known->terms;
}

void SiteTable::drop_terms(Site& site) {
  const auto of_site = std::exchange(site.terms, transport::usual_terms());
  const auto alike = terms_.find(of_site->hash());
  if (alike == terms_.end()) return;
  const auto known = std::find_if(alike->second.begin(), alike->second.end(), [&](const TermsUse& use) { return use.terms == of_site; });
  if (known == alike->second.end() || --known->sites != 0) return;
  alike->second.erase(known);
  if (alike->second.empty()) terms_.erase(alike);
}

void SiteTable::forget(SiteIndex index) {
  Site& site = sites_[index];
  const Instant next_wake = site.next_wake;
  keys_.forget(index);
  drop_terms(site);
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
