// Converts the daemon's values to control messages.
#pragma once

#include "mta/control/backend.h"
#include "mta/control/messages.h"

namespace mxpress::queue {
struct Attempt;
}
namespace mxpress::mta::replies {
class RuleSet;
}

namespace mxpress::mta::control {

// "active", "deferred", "held" or "ended".
std::string_view state_of(const queue::Message& message, WallTime now);
control_pb::MessageInfo describe(const queue::Message& message, WallTime now);
// The parts of a message: everything except recipients and attempts; one recipient; one attempt without its recipients; each of those.
control_pb::MessageInfo describe_head(const queue::Message& message, WallTime now);
void describe_recipient(control_pb::RecipientInfo& info, const queue::Message& message, std::size_t index);
void describe_attempt(control_pb::AttemptInfo& info, const queue::Attempt& attempt);
void add_recipient(control_pb::AttemptInfo& info, const queue::Message& message, std::uint32_t index);
// Replaces the meaning of the recipient's last report by that of the rule which its reply meets, if there is one. `rules` may be null.
void explain_by(const replies::RuleSet* rules, control_pb::RecipientInfo& info, const queue::Message& message, std::size_t index);
// Marks the hosts whose replies had the attempt go on over the other address family. `rules` may be null.
void explain_families(const replies::RuleSet* rules, control_pb::AttemptInfo& info, const queue::Attempt& attempt);
// Adds to the recipient if one of these attempts is for this message.
void add_flights(control_pb::RecipientInfo& info, queue::QueueId message, const std::vector<delivery::Flight>& flights);
control_pb::DestinationInfo describe(const delivery::DestinationStatus& destination);
// Counts since the start, and lost events.
void describe_events(control_pb::StatusInfo& info, const DaemonStatus& daemon);
// Also warns about waiting keys, and records with flaws; keys with a lost record count as trouble.
void describe_keys(control_pb::StatusInfo& info, const std::vector<records::KeyStatus>& keys);
void describe_providers(control_pb::StatusInfo& info, const std::vector<delivery::ProviderUse>& providers);
void describe_limits(control_pb::StatusInfo& info, const std::vector<rates::AccountStatus>& limits);
std::int64_t milliseconds(WallTime time);

}  // namespace mxpress::mta::control
