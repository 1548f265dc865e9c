// Which recipients of a message belong to a destination.
#include "mta/delivery/destination.h"

#include <algorithm>

#include "dns/async.h"

namespace mxpress::mta::delivery {

std::vector<std::uint32_t> pending_recipients(const queue::Message& message, DestinationRef destination, const Config& config) {
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < message.recipients.size(); ++i) {
    if (message.recipients[i].stage != queue::RecipientStage::pending) continue;
    const proto::Domain& domain = message.envelope.recipients[i].mailbox.domain();
    if (routing::destination_of(domain, config) == destination) result.push_back(i);
  }
  return result;
}

Duration restored_wait(WallTime until, std::uint32_t failures, const queue::RetrySchedule& schedule) {
  return std::clamp<Duration>(until - Clock::current().wall(), Duration(0), schedule.longest_wait_after(failures));
}

}  // namespace mxpress::mta::delivery
