// Counts what conversions hold.
#include "mta/smtp/conversion_room.h"

namespace mxpress::mta::smtp {
namespace {

constexpr std::size_t kDestinationsAtLeast = 4;  // together they may fill the room

template <class Map, class Key>
void take_off(Map& map, const Key& key, std::size_t octets) {
  const auto place = map.find(key);
  place->second -= octets;
  if (place->second == 0) map.erase(place);
}

}  // namespace

ConversionRoom& ConversionRoom::common() {
  static ConversionRoom room;
  return room;
}

ConversionRoom::Hold::~Hold() {
  if (octets_ > 0) room_.remove(owner_, octets_);
}

bool ConversionRoom::Hold::raise_to(std::size_t octets) {
  if (octets <= octets_) return true;
  if (!room_.add(owner_, octets - octets_)) return false;
  octets_ = octets;
  return true;
}

std::size_t ConversionRoom::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

bool ConversionRoom::add(const Owner& owner, std::size_t octets) {
  const std::lock_guard lock(mutex_);
  if (octets > octets_ - held_) return false;
  const std::size_t left_free = octets_ - held_ - octets;
  const auto uid = of_uid_.find(owner.uid);
  if ((uid == of_uid_.end() ? 0 : uid->second) + octets > left_free) return false;
  const auto destination = of_destination_.find(owner.destination);
  if ((destination == of_destination_.end() ? 0 : destination->second) + octets > octets_ / kDestinationsAtLeast) return false;
  held_ += octets;
  of_uid_[owner.uid] += octets;
  of_destination_[owner.destination] += octets;
  return true;
}

void ConversionRoom::remove(const Owner& owner, std::size_t octets) {
  const std::lock_guard lock(mutex_);
  held_ -= octets;
  take_off(of_uid_, owner.uid, octets);
  take_off(of_destination_, owner.destination, octets);
}

}  // namespace mxpress::mta::smtp
