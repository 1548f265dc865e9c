// Counts what conversions hold.
#include "mta/content/conversion_room.h"

namespace mxpress::mta::content {
namespace {

constexpr std::size_t kDestinationsAtLeast = 4;  // together they may fill the room

}  // namespace

ConversionRoom& ConversionRoom::common() {
  static ConversionRoom room;
  return room;
}

ConversionRoom::Hold::~Hold() {
  if (of_submitter_.units() > 0) room_.give_back_for(destination_, of_submitter_.units());
}

bool ConversionRoom::Hold::raise_to(std::size_t octets) {
  if (octets <= of_submitter_.units()) return true;
  const std::size_t more = octets - of_submitter_.units();
  if (!room_.take_for(destination_, more)) return false;
  if (of_submitter_.add(more)) return true;
  room_.give_back_for(destination_, more);
  return false;
}

bool ConversionRoom::take_for(const std::string& destination, std::size_t octets) {
  const std::lock_guard lock(mutex_);
  const auto known = of_destination_.find(destination);
  const std::size_t held = known == of_destination_.end() ? 0 : known->second;
  if (held + octets > submitters_.total() / kDestinationsAtLeast) return false;
  of_destination_[destination] = held + octets;
  return true;
}

void ConversionRoom::give_back_for(const std::string& destination, std::size_t octets) {
  const std::lock_guard lock(mutex_);
  const auto known = of_destination_.find(destination);
  known->second -= octets;
  if (known->second == 0) of_destination_.erase(known);
}

}  // namespace mxpress::mta::content
