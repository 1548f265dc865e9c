// The events of delivery, made of what it knows of a message.
#pragma once

#include <cstdint>
#include <vector>

#include "mta/events/event.h"

namespace mxpress::queue {
struct Message;
}

namespace mxpress::mta::delivery {

struct SiteFailure;
struct Verdict;

// To be emitted once the outcome is durable. Its lines in the log are charged for from now on: there may be no more attempts for this owner
// before they are written.
events::Attempted event_of(const queue::Message& message, const Verdict& verdict);
// About what the lines of an attempt that ends like this take while they wait.
std::uint64_t octets_of_lines(const queue::Message& message, const std::vector<std::uint32_t>& recipients, const SiteFailure& failure);
// What the operator (this user) did, durably, to the message, in the state after it. Its lines are charged for as well.
events::Acted event_of(const queue::Message& message, queue::ActionKind action, std::int64_t uid);

}  // namespace mxpress::mta::delivery
