// The data of a worker's destinations.
#include "mta/delivery/destinations.h"

#include "mta/config/config.h"
#include "mta/delivery/destination.h"
#include "mta/system/instant.h"
#include "queue/retry.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

constexpr std::size_t kBriefText = 100;  // octets

}  // namespace

routing::DestinationRef Destinations::name(DestinationIndex index) const { return routing::DestinationRef::of_text(schedule_.name(index)); }

bool Destinations::are_many() const { return schedule_.known_destinations() > many_; }

bool Destinations::begin(DestinationIndex index) {
  while (all_.size() <= index) all_.push_back({});
  Destination& destination = all_[index];
  if (destination.is_known) return false;
  destination.is_known = true;
  if (restored_lookups_.empty()) return true;
  const auto restored = restored_lookups_.find(std::string(name(index).text()));
  if (restored == restored_lookups_.end()) return true;
  const auto& [site, failures, next_probe, last] = restored->second;
  const auto schedule = policy(index)->schedule;
  destination.backoff.restore(failures, instant_now() + restored_wait(next_probe, failures, schedule), last);
  restored_lookups_.erase(restored);
  return true;
}

// A coroutine that still waits for its lookup sees by `answers` that the destination is another one.
void Destinations::forget(DestinationIndex index) {
  schedule_.forget(index);
  Destination fresh;
  fresh.answers = all_[index].answers + 1;
  fresh.next_wake = all_[index].next_wake;
  all_[index] = std::move(fresh);
}

std::shared_ptr<const replies::RuleSet> Destinations::rules() const { return config_.get()->replies; }

std::size_t Destinations::number(DestinationIndex index) const {
  return static_cast<std::size_t>(proto::TextHash{}(name(index).text())) | 1;
}

std::shared_ptr<const queue::RetryPolicy> Destinations::policy(DestinationIndex index) const {
  const auto config = config_.get();
  const auto domain = config->destinations.empty() ? std::nullopt : name(index).domain();
  if (!domain) return {config, &config->retry};
  return std::make_shared<const queue::RetryPolicy>(config->retry_for(*domain));
}

proto::HostResult Destinations::brief(proto::HostResult result) const {
  if (are_many() && result.text.size() > kBriefText) result.text.resize(kBriefText);
  return result;
}

}  // namespace mxpress::mta::delivery
