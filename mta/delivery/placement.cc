// Assigns destinations and sites to workers.
#include "mta/delivery/placement.h"

#include <algorithm>

namespace mxpress::mta::delivery {

std::optional<std::size_t> Placement::owner_or_keep(const queue::SiteRecord& record) {
  const std::lock_guard lock(mutex_);
  if (const auto number = site_names_.find(record.site)) return site_owners_[*number];
  restored_sites_[record.site] = record;
  return std::nullopt;
}

SiteClaim Placement::claim_site(const std::string& key, std::size_t worker) {
  const std::lock_guard lock(mutex_);
  if (const auto number = site_names_.find(key)) return {site_owners_[*number]};
  const std::uint32_t number = site_names_.number(key);
  if (number == site_owners_.size()) site_owners_.push_back(0);
  site_owners_[number] = static_cast<std::uint16_t>(worker);
  SiteClaim claim{worker};
  if (auto restored = restored_sites_.extract(key)) claim.restored = std::move(restored.mapped());
  return claim;
}

SiteClaim Placement::claim_elsewhere(const std::string& key, std::size_t worker) {
  const auto least = static_cast<std::size_t>(std::min_element(busy_.begin(), busy_.end()) - busy_.begin());
  bool is_restored = false;
  {
    const std::lock_guard lock(mutex_);
    is_restored = restored_sites_.contains(key);
  }
  return claim_site(key, is_restored || busy_[least] >= busy_[worker] ? worker : least);
}

void Placement::leave_site(const std::string& key, std::size_t worker) {
  const std::lock_guard lock(mutex_);
  const auto number = site_names_.find(key);
  if (number && site_owners_[*number] == worker) site_names_.forget(*number);
}

std::size_t Placement::worker_for(routing::DestinationRef destination) const {
  const std::lock_guard lock(mutex_);
  const auto number = names_.find(destination.text());
  return number ? workers_[*number] : routing::DestinationHash()(destination) % count_;
}

void Placement::place(routing::DestinationRef destination, std::size_t worker) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t number = names_.number(destination.text());
  if (number == workers_.size()) workers_.push_back(0);
  workers_[number] = static_cast<std::uint16_t>(worker);
}

void Placement::forget(routing::DestinationRef destination, std::size_t worker) {
  const std::lock_guard lock(mutex_);
  const auto number = names_.find(destination.text());
  if (number && workers_[*number] == worker) names_.forget(*number);
}

}  // namespace mxpress::mta::delivery
