// An attempt for recipients that are delivered to one by one, without a mail host.
#pragma once

#include <cstdint>
#include <functional>

#include "mta/transport/transport.h"

namespace mxpress::mta::transport {

// Calls `deliver_one` for each recipient of the order, one after the other, as long as the message is wanted. Behind one that is deferred
// the rest is, too, for the same reason; the site has failed then.
Task<AttemptReport> deliver_each(const Order& order, std::function<Task<proto::RecipientResult>(std::uint32_t recipient)> deliver_one);

// The result for one recipient, by a finding of this host. `text` is clean.
proto::RecipientResult local_result(proto::Outcome outcome, proto::EnhancedStatus status, std::string text);

}  // namespace mxpress::mta::transport
