// The events of delivery, made from the data of a message.
#pragma once

#include <cstdint>
#include <vector>

#include "mta/events/event.h"

namespace mxpress::queue {
struct Message;
}

namespace mxpress::mta::replies {
class RuleSet;
}

namespace mxpress::mta::delivery {

struct SiteFailure;
struct Verdict;

// Emit it once the outcome is durable. Its log lines are charged from now on: too many unwritten lines of an owner delay his further
// attempts. `rules`, which may be null, say what replies mean.
events::Attempted event_of(const queue::Message& message, const Verdict& verdict, const replies::RuleSet* rules);
// Approximate octets of the log lines of an attempt that ends like this.
std::uint64_t octets_of_lines(const queue::Message& message, const std::vector<std::uint32_t>& recipients, const SiteFailure& failure);
// The action of the operator (this user) on the message, once durable, with the message's state after it. Its lines are charged as well.
events::Acted event_of(const queue::Message& message, queue::ActionKind action, std::int64_t uid);

}  // namespace mxpress::mta::delivery
