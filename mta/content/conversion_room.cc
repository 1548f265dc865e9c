// Counts the memory of conversions.
#include "mta/content/conversion_room.h"

namespace mxpress::mta::content {
namespace {

constexpr std::size_t kDestinationsAtLeast = 2;  // together they may fill the room

}  // namespace

ConversionRoom& ConversionRoom::common() {
  static ConversionRoom room;
  return room;
}

bool ConversionRoom::Hold::raise_to(std::size_t octets) {
  if (octets <= held_.units()) return true;
  const std::size_t more = octets - held_.units();
  if (!room_.take_for(destination_, submitter_, more)) return false;
  if (held_.add(more)) {
    held_there_ += more;
    return true;
  }
  room_.give_back_for(destination_, submitter_, more);
  return false;
}

void ConversionRoom::Hold::release() {
  leave_destination();
  held_.release();
}

void ConversionRoom::Hold::leave_destination() {
  if (held_there_ > 0) room_.give_back_for(destination_, submitter_, std::exchange(held_there_, 0));
}

bool ConversionRoom::Hold::enter_destination(std::string_view destination) {
  if (destination_ == destination && held_there_ == held_.units()) return true;
  leave_destination();
  destination_ = destination;
  if (!room_.take_for(destination_, submitter_, held_.units())) return false;
  held_there_ = held_.units();
  return true;
}

std::size_t ConversionRoom::held_for(const std::string& destination) const {
  const std::lock_guard lock(mutex_);
  const auto known = destinations_.find(destination);
  return known == destinations_.end() ? 0 : known->second.held();
}

bool ConversionRoom::take_for(const std::string& destination, const fairness::Owner& submitter, std::size_t octets) {
  const std::lock_guard lock(mutex_);
  const auto known = destinations_.try_emplace(destination, submitters_.total() / kDestinationsAtLeast, kLeastAtDestination).first;
  const bool fits = known->second.take(submitter, octets);
  if (known->second.held() == 0) destinations_.erase(known);
  return fits;
}

void ConversionRoom::give_back_for(const std::string& destination, const fairness::Owner& submitter, std::size_t octets) {
  const std::lock_guard lock(mutex_);
  const auto known = destinations_.find(destination);
  known->second.give_back(submitter, octets);
  if (known->second.held() == 0) destinations_.erase(known);
}

}  // namespace mxpress::mta::content
