// Counts what the records of each owner use.
#include "mta/history/shares.h"

#include <algorithm>

namespace mxpress::mta::history {
namespace {

constexpr Duration kDay = std::chrono::days(1);

}  // namespace

void Shares::Use::give_back(std::uint64_t part, WallTime now) {
  if (now < since) since = now;  // the clock was set
  const auto passed = static_cast<double>(std::min<Duration>(now - since, kDay).count()) / static_cast<double>(kDay.count());
  const auto octets = static_cast<std::uint64_t>(passed * static_cast<double>(part));
  if (octets == 0 && used != 0) return;
  used -= std::min(used, octets);
  since = now;
}

Shares::Use& Shares::use_of(const proto::ShareOwner& owner, std::uint64_t part, WallTime now) {
  const bool is_full = of_owner_.size() >= kMostOwners && !of_owner_.contains(owner);
  if (is_full && (now - looked_ >= std::chrono::hours(1) || now < looked_)) {
    for (auto& [each, use] : of_owner_) use.give_back(part, now);
    erase_if(of_owner_, [](const auto& each) { return each.second.used == 0 && each.second.waiting == 0; });
    looked_ = now;
  }
  const bool is_known = of_owner_.contains(owner) || of_owner_.size() < kMostOwners;
  Use& use = of_owner_[is_known ? owner : proto::ShareOwner()];
  use.give_back(part, now);
  return use;
}

bool Shares::take(const proto::ShareOwner& owner, std::size_t octets, std::uint64_t most_on_disk, WallTime now) {
  const std::uint64_t part = most_on_disk / kPartOfDay;
  Use& use = use_of(owner, part, now);
  if (waiting_ + octets > most_waiting_ || use.used + octets > part) return false;
  const std::size_t left = most_waiting_ - waiting_ - octets;
  if (use.waiting > 0 && left < most_waiting_ / kPartFree && use.waiting + octets > left) return false;
  use.waiting += octets;
  use.used += octets;
  waiting_ += octets;
  return true;
}

void Shares::written() {
  waiting_ = 0;
  for (auto& [each, use] : of_owner_) use.waiting = 0;
}

}  // namespace mxpress::mta::history
