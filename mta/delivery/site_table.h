// The sites of a worker by their keys, and the destinations that belong to each.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mta/delivery/site.h"
#include "queue/name_table.h"

namespace mxpress::mta::transport {
struct SessionKey;
}

namespace mxpress::mta::delivery {

class Destinations;
using queue::DestinationIndex;
using queue::SiteIndex;
using transport::SessionKey;

// Thread: one.
class SiteTable {
 public:
  explicit SiteTable(Destinations& destinations) : destinations_(destinations) {}

  Site& operator[](SiteIndex index) { return sites_[index]; }
  const Site& operator[](SiteIndex index) const { return sites_[index]; }
  // One more than the largest index so far.
  SiteIndex size() const { return static_cast<SiteIndex>(sites_.size()); }
  std::size_t known() const { return keys_.count(); }
  bool is_known(SiteIndex index) const { return !keys_.name(index).empty(); }
  // The text of its key.
  std::string key(SiteIndex index) const { return std::string(keys_.name(index)); }
  std::optional<SiteIndex> find(std::string_view key) const { return keys_.find(key); }

  // The site with this key. A new one may get the index of a forgotten one.
  SiteIndex index(const SessionKey& key);
  // The site must have no members. Times arranged for its index stay.
  void forget(SiteIndex index);

  // The destination belongs to that site and to no other.
  void join(DestinationIndex destination, SiteIndex site);
  template <class Visit>
  void for_each_member(SiteIndex site, Visit visit) const {
    for (DestinationIndex member = sites_[site].members.front(); member != Chain::kEnd; member = next_member(member)) visit(member);
  }
  // Removes all members, at all sites, for which `stays` is false.
  void keep_members(const std::function<bool(DestinationIndex)>& stays);

  // The reason why mail for the destination waits: the backoff of its lookup, or of its site. Null: neither.
  Backoff* backoff_of(DestinationIndex index);
  const Backoff* backoff_of(DestinationIndex index) const { return const_cast<SiteTable*>(this)->backoff_of(index); }

 private:
  struct TermsUse {
    std::shared_ptr<const SessionTerms> terms;  // shared with sites and deliveries
    std::size_t sites = 0;                      // at least one
  };
  DestinationIndex next_member(DestinationIndex member) const;
  void use_terms(Site& site, const SessionTerms& terms);
  void drop_terms(Site& site);

  Destinations& destinations_;
  std::deque<Site> sites_;  // stable addresses: coroutines hold them
  queue::NameTable keys_;
  std::unordered_map<std::size_t, std::vector<TermsUse>> terms_;  // each once, by their hash
};

}  // namespace mxpress::mta::delivery
