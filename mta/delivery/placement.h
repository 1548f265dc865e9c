// Which worker has which destination, and which site.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "mta/delivery/ownership.h"
#include "proto/text_hash.h"
#include "queue/name_table.h"
#include "queue/slab.h"

namespace mxpress::mta::delivery {

// Any thread. Workers are numbers below `workers`.
class Placement {
 public:
  explicit Placement(std::size_t workers) : count_(workers) {}

  // Whoever looked a site up first owns it: its job need not travel again. With the record that owner_or_keep() has kept.
  SiteClaim claim_site(const std::string& key, std::size_t worker);
  void leave_site(const std::string& key, std::size_t worker);
  // The site's owner; without one the record is kept for the first.
  std::optional<std::size_t> owner_or_keep(const queue::SiteRecord& record);

  // As its name hashes, unless another worker owns its site.
  std::size_t worker_for(routing::DestinationRef destination) const;
  void place(routing::DestinationRef destination, std::size_t worker);
  void forget(routing::DestinationRef destination, std::size_t worker);

 private:
  const std::size_t count_;
  mutable std::mutex mutex_;
  // Destinations that do not live at the worker their name hashes to.
  queue::NameTable names_;
  queue::Slab<std::uint16_t> workers_;  // by the number of the name
  queue::NameTable site_names_;
  queue::Slab<std::uint16_t> site_owners_;                                              // by the number of the name
  std::unordered_map<std::string, queue::SiteRecord, proto::TextHash> restored_sites_;  // that nobody owns yet
};

}  // namespace mxpress::mta::delivery
