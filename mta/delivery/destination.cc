// Finds the recipients of a message that belong to a destination.
#include "mta/delivery/destination.h"

#include <algorithm>

#include "dns/async.h"
#include "mta/config/config.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

namespace {

bool is_pending(const queue::Message& message, std::uint32_t recipient, DestinationRef destination,
                const routing::RecipientRouting& routing) {
  if (message.recipients[recipient].stage != queue::RecipientStage::pending) return false;
  return routing.is_destination_of(message.envelope.recipients[recipient].mailbox, destination);
}

}  // namespace

std::vector<std::uint32_t> pending_recipients(const queue::Message& message, DestinationRef destination, const Config& config) {
  std::vector<std::uint32_t> result;
  const routing::RecipientRouting routing(message.envelope, config);
  for (std::uint32_t i = 0; i < message.recipients.size(); ++i) {
    if (is_pending(message, i, destination, routing)) result.push_back(i);
  }
  return result;
}

bool has_pending_recipients(const queue::Message& message, DestinationRef destination, const Config& config) {
  const routing::RecipientRouting routing(message.envelope, config);
  for (std::uint32_t i = 0; i < message.recipients.size(); ++i) {
    if (is_pending(message, i, destination, routing)) return true;
  }
  return false;
}

Duration restored_wait(WallTime until, std::uint32_t failures, const queue::RetrySchedule& schedule) {
  return std::clamp<Duration>(until - Clock::current().wall(), Duration(0), schedule.longest_wait_after(failures));
}

}  // namespace mxpress::mta::delivery
