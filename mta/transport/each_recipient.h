// An attempt without a mail host, which delivers to its recipients one by one.
#pragma once

#include <cstdint>
#include <functional>

#include "mta/transport/transport.h"

namespace mxpress::mta::transport {

// Calls `deliver_one` for each recipient of the order, one after the other, as long as the message is wanted. After a deferred one the rest
// is deferred, too, for the same reason; the site has failed then.
Task<AttemptReport> deliver_each(const Order& order, std::function<Task<proto::RecipientResult>(std::uint32_t recipient)> deliver_one);

// The result for one recipient, found by this host. `text` must be clean.
proto::RecipientResult local_result(proto::Outcome outcome, proto::EnhancedStatus status, std::string text);

}  // namespace mxpress::mta::transport
