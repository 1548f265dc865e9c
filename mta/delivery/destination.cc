// Which destination a recipient belongs to.
#include "mta/delivery/destination.h"

#include <algorithm>
#include <unordered_set>

#include "dns/async.h"

namespace mxpress::mta::delivery {

std::string destination_of(const proto::Mailbox& recipient, const Config& config) {
  return config.is_local(recipient.domain()) ? kLocalDestination : recipient.domain().text();
}

std::vector<std::string> destinations_of(const proto::Envelope& envelope, const Config& config) {
  if (envelope.recipients.size() == 1) return {destination_of(envelope.recipients.front().mailbox, config)};
  std::vector<std::string> result;
  std::unordered_set<std::string> seen;
  for (const auto& recipient : envelope.recipients) {
    std::string name = destination_of(recipient.mailbox, config);
    if (seen.insert(name).second) result.push_back(std::move(name));
  }
  return result;
}

std::vector<std::uint32_t> pending_recipients(const queue::Message& message, std::string_view destination, const Config& config) {
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < message.recipients.size(); ++i) {
    if (message.recipients[i].stage != queue::RecipientStage::pending) continue;
    const proto::Domain& domain = message.envelope.recipients[i].mailbox.domain();
    const bool is_there =
        destination == kLocalDestination ? config.is_local(domain) : domain.text() == destination && !config.is_local(domain);
    if (is_there) result.push_back(i);
  }
  return result;
}

Duration restored_wait(WallTime until, std::uint32_t failures, const queue::RetrySchedule& schedule) {
  return std::clamp<Duration>(until - Clock::current().wall(), Duration(0), schedule.longest_wait_after(failures));
}

}  // namespace mxpress::mta::delivery
