// Counts what the records of each owner use.
#include "mta/history/shares.h"

namespace mxpress::mta::history {

Shares::Use& Shares::use_of(const proto::ShareOwner& owner, WallTime now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  if (day != day_)
    for (auto& [each, use] : of_owner_) use.of_day = 0;
  if (day != day_ && waiting_ == 0) of_owner_.clear();
  day_ = day;
  const bool is_known = of_owner_.contains(owner) || of_owner_.size() < kMostOwners;
  return of_owner_[is_known ? owner : proto::ShareOwner()];
}

bool Shares::take(const proto::ShareOwner& owner, std::size_t octets, std::uint64_t most_on_disk, WallTime now) {
  Use& use = use_of(owner, now);
  if (waiting_ + octets > most_waiting_ || use.of_day + octets > most_on_disk / kPartOfDay) return false;
  const std::size_t left = most_waiting_ - waiting_ - octets;
  if (use.waiting > 0 && left < most_waiting_ / kPartFree && use.waiting + octets > left) return false;
  use.waiting += octets;
  use.of_day += octets;
  waiting_ += octets;
  return true;
}

void Shares::written() {
  waiting_ = 0;
  for (auto& [each, use] : of_owner_) use.waiting = 0;
}

}  // namespace mxpress::mta::history
