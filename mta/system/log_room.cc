// Counts each owner's waiting part of the log.
#include "mta/system/log_room.h"

#include <algorithm>
#include <cassert>

namespace mxpress::mta {

LogRoom::Hold& LogRoom::Hold::operator=(Hold&& other) noexcept {
  if (this == &other) return *this;
  release();
  room_ = std::exchange(other.room_, nullptr);
  owner_ = other.owner_;
  octets_ = other.octets_;
  return *this;
}

void LogRoom::Hold::release() {
  if (LogRoom* room = std::exchange(room_, nullptr)) room->give_back(owner_, octets_);
}

bool LogRoom::fits(const fairness::Owner& owner, std::uint64_t octets) const {
  if (given_up_ || all_ == 0) return true;
  const auto known = of_owner_.find(owner);
  const std::uint64_t own = known == of_owner_.end() ? 0 : known->second.octets, free = limits_.shared - counted_;
  if (all_ + octets > limits_.most) return false;
  return own == 0 ? free > 0 : own + octets <= free;
}

void LogRoom::add(const fairness::Owner& owner, std::uint64_t octets) {
  Held& held = of_owner_[owner];
  const std::uint64_t free = limits_.shared - counted_;
  const std::uint64_t counts = std::min(octets, free > held.counted ? (free - held.counted) / 2 : 0);
  held.octets += octets;
  held.counted += counts;
  counted_ += counts;
  all_ += octets;
}

void LogRoom::give_back(const fairness::Owner& owner, std::uint64_t octets) {
  const std::lock_guard lock(mutex_);
  const auto known = of_owner_.find(owner);
  assert(known != of_owner_.end() && known->second.octets >= octets);
  Held& held = known->second;
  held.octets -= octets;
  const std::uint64_t counts = std::min(held.counted, held.octets);
  counted_ -= held.counted - counts;
  held.counted = counts;
  all_ -= octets;
  if (held.octets == 0) of_owner_.erase(known);
}

bool LogRoom::has_room(const fairness::Owner& owner, std::uint64_t octets) const {
  const std::lock_guard lock(mutex_);
  return fits(owner, octets);
}

std::optional<LogRoom::Hold> LogRoom::take(const fairness::Owner& owner, std::uint64_t octets) {
  const std::lock_guard lock(mutex_);
  if (!fits(owner, octets)) return std::nullopt;
  add(owner, octets);
  return Hold(*this, owner, octets);
}

LogRoom::Hold LogRoom::charge(const fairness::Owner& owner, std::uint64_t octets) {
  if (octets == 0) return {};
  const std::lock_guard lock(mutex_);
  add(owner, octets);
  return Hold(*this, owner, octets);
}

std::uint64_t LogRoom::held_by(const fairness::Owner& owner) const {
  const std::lock_guard lock(mutex_);
  const auto known = of_owner_.find(owner);
  return known == of_owner_.end() ? 0 : known->second.octets;
}

// Never destroyed: a writer that hangs at exit may still hold some of it.
LogRooms& log_rooms() {
  static LogRooms* rooms = new LogRooms;
  return *rooms;
}

}  // namespace mxpress::mta
