// Assigns destinations and sites to workers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mta/delivery/ownership.h"
#include "proto/text_hash.h"
#include "queue/name_table.h"
#include "queue/slab.h"

namespace mxpress::mta::delivery {

// Any thread. Workers are numbers below `workers`.
class Placement {
 public:
  explicit Placement(std::size_t workers) : count_(workers), busy_(workers) {}

  // The worker that looked a site up first owns it, so that its job need not move. The result has the record kept by owner_or_keep().
  SiteClaim claim_site(const std::string& key, std::size_t worker);
  // The same for the worker with the fewest busy places, if that has fewer; a site with a record stays with `worker`, which has read it.
  SiteClaim claim_elsewhere(const std::string& key, std::size_t worker);
  // Places of the worker that deliveries to sites hold which are not known to be quick; the worker sets it.
  std::atomic<std::uint32_t>& busy(std::size_t worker) { return busy_[worker]; }
  void leave_site(const std::string& key, std::size_t worker);
  // The site's owner; if there is none the record is kept for the first.
  std::optional<std::size_t> owner_or_keep(const queue::SiteRecord& record);

  // By the hash of its name, unless another worker owns its site.
  std::size_t worker_for(routing::DestinationRef destination) const;
  void place(routing::DestinationRef destination, std::size_t worker);
  void forget(routing::DestinationRef destination, std::size_t worker);

 private:
  const std::size_t count_;
  std::vector<std::atomic<std::uint32_t>> busy_;
  mutable std::mutex mutex_;
  // Destinations that are at another worker than the one of their hash.
  queue::NameTable names_;
  queue::Slab<std::uint16_t> workers_;  // by the number of the name
  queue::NameTable site_names_;
  queue::Slab<std::uint16_t> site_owners_;                                              // by the number of the name
  std::unordered_map<std::string, queue::SiteRecord, proto::TextHash> restored_sites_;  // of sites without an owner
};

}  // namespace mxpress::mta::delivery
