// Counts time of a validator's thread for owners of questions.
#include "dns/lane_use.h"

#include <algorithm>
#include <cassert>

namespace mxpress::dns {

void LaneUse::settle(Use& use, BootTime now) {
  if (asked_ > 0) share_ += (now - last_) / static_cast<std::int64_t>(asked_);
  last_ = now;
  const BootClock::duration added = (share_ - use.share) * static_cast<std::int64_t>(use.asked);
  const BootClock::duration left = use.used + added - (now - use.at) / kForgiven;
  use.used = std::clamp(left, BootClock::duration(0), BootClock::duration(kMost));
  use.share = share_;
  use.at = now;
}

void LaneUse::begin(const Owner& owner, BootTime now) {
  if (of_owner_.size() >= forget_at_) forget_idle(now);
  Use& use = of_owner_[owner];
  settle(use, now);
  ++use.asked;
  ++asked_;
}

void LaneUse::end(const Owner& owner, BootTime now) {
  Use& use = of_owner_[owner];
  settle(use, now);
  assert(use.asked > 0);
  --use.asked;
  --asked_;
}

void LaneUse::charge(const Owner& owner, BootClock::duration time, BootTime now) {
  Use& use = of_owner_[owner];
  settle(use, now);
  use.used = std::min(use.used + time, kMost);
}

std::size_t LaneUse::places(const Owner& owner, BootTime now) {
  const auto known = of_owner_.find(owner);
  if (known == of_owner_.end()) return kPlaces;
  settle(known->second, now);
  const BootClock::duration used = known->second.used;
  return used >= kMuch ? 0 : used >= kSome ? 1 : kPlaces;
}

void LaneUse::forget_idle(BootTime now) {
  for (auto& [owner, use] : of_owner_) settle(use, now);
  erase_if(of_owner_, [](const auto& one) { return one.second.asked == 0 && one.second.used == BootClock::duration(0); });
  forget_at_ = std::max<std::size_t>(1000, 2 * of_owner_.size());
}

}  // namespace mxpress::dns
