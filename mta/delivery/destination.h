// A destination: what the recipients of a message are grouped by. Owns jobs, retry times and policy; a site owns the sessions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mta/host/config.h"
#include "proto/envelope.h"
#include "queue/message.h"

namespace mxpress::mta::delivery {

// Mail for this host's own mailbox; no domain can have this name.
inline const std::string kLocalDestination = "local:";

// The recipient's domain, or kLocalDestination.
std::string destination_of(const proto::Mailbox& recipient, const Config& config);

// Each destination of an envelope once, in order of first appearance.
std::vector<std::string> destinations_of(const proto::Envelope& envelope, const Config& config);

// The indices of the recipients of a message that are still pending at a destination.
std::vector<std::uint32_t> pending_recipients(const queue::Message& message, std::string_view destination, const Config& config);

// What is left of a wait until a wall-clock time read from disk. The wall clock may have been stepped since: no longer than the
// destination's schedule waits after so many failures.
Duration restored_wait(WallTime until, std::uint32_t failures, const queue::RetrySchedule& schedule);

}  // namespace mxpress::mta::delivery
