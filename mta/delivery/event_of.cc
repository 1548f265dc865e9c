// Makes events from the data of a message.
#include "mta/delivery/event_of.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mta/delivery/verdict.h"
#include "mta/replies/rule_set.h"
#include "mta/routing/aliases.h"

namespace mxpress::mta::delivery {
namespace {

using queue::ActionKind;
using queue::RecipientStage;

constexpr std::size_t kShortCause = 120;
constexpr std::uint64_t kRestOfLine = 450;  // approximate octets without addresses and reply, with a cause

events::Disposition disposition_of(const queue::RecipientState& state) {
  if (state.stage == RecipientStage::pending) return events::Disposition::deferred;
  if (state.expired) return events::Disposition::expired;
  return state.last && state.last->status.klass == 2 ? events::Disposition::delivered : events::Disposition::failed;
}

// The times of the host attempt with this result; nullopt for findings without a host.
std::optional<events::HostTimes> times_behind(const queue::Attempt& attempt, const proto::HostResult& result) {
  const auto found = std::find_if(attempt.hosts.rbegin(), attempt.hosts.rend(),
                                  [&](const proto::HostAttempt& host) { return host.result.address == result.address; });
  if (found == attempt.hosts.rend()) return std::nullopt;
  return events::HostTimes{found->connect, found->total, found->reused_session};
}

// True if the action found this recipient waiting, or its notice pending.
bool is_withdrawn(const queue::RecipientState& state, ActionKind action) {
  if (action == ActionKind::remove) return state.stage == RecipientStage::removed;
  return action == ActionKind::bounce && state.stage != RecipientStage::pending && state.last && proto::returned_by_operator(*state.last);
}

// For failures.
void add_meaning(events::RecipientOutcome& outcome, const replies::RuleSet* rules) {
  const auto found = rules && outcome.result ? rules->match(*outcome.result) : std::nullopt;
  if (!found) return;
  outcome.kind = replies::to_string(found->rule->kind);
  outcome.who = replies::to_string(found->rule->who);
  if (found->rule->cause.size() <= kShortCause) outcome.cause = found->rule->cause;
}

events::RecipientOutcome disposition_of(const proto::Recipient& to, const queue::RecipientState& state, const queue::Attempt& attempt) {
  events::RecipientOutcome outcome{
      disposition_of(state), to.mailbox.to_string(), routing::original_address(to), state.last, {}, {}, {}, {}, {}};
  if (state.last) outcome.host = times_behind(attempt, *state.last);
  if (outcome.disposition == events::Disposition::deferred) outcome.next_try = state.next_try;
  return outcome;
}

LogRoom::Hold charge(const queue::Message& message, std::uint64_t octets) {
  return log_rooms().outcomes.charge(message.envelope.submitter.share_owner(), octets);
}

}  // namespace

events::Attempted event_of(const queue::Message& message, const Verdict& verdict, const replies::RuleSet* rules) {
  const queue::Settlement& settlement = verdict.settlement;
  events::Attempted attempted{message.id, message.envelope.reverse_path.to_string(), {}, {}, {}};
  attempted.owner = message.envelope.submitter.share_owner();
  attempted.delay = settlement.attempt.time - message.envelope.submitted;
  attempted.recipients.reserve(settlement.changes.size());
  for (const auto& [index, state] : settlement.changes) {
    attempted.recipients.push_back(disposition_of(message.envelope.recipients[index], state, settlement.attempt));
    add_meaning(attempted.recipients.back(), rules);
  }
  attempted.log_room = charge(message, octets_of(attempted));
  return attempted;
}

std::uint64_t octets_of_lines(const queue::Message& message, const std::vector<std::uint32_t>& recipients, const SiteFailure& failure) {
  const auto size_of = [](const proto::Mailbox& mailbox) { return mailbox.local_part().size() + mailbox.domain().text().size(); };
  const proto::ReversePath& from = message.envelope.reverse_path;
  const std::uint64_t each = kRestOfLine + failure.result.text.size() + (from.is_null() ? 0 : size_of(from.mailbox()));
  std::uint64_t octets = each * recipients.size();
  for (const std::uint32_t index : recipients) octets += size_of(message.envelope.recipients[index].mailbox);
  return octets;
}

events::Acted event_of(const queue::Message& message, ActionKind action, std::int64_t uid) {
  events::Acted acted{message.id, action, uid, message.envelope.reverse_path.to_string(), {}, {}};
  acted.owner = message.envelope.submitter.share_owner();
  for (std::uint32_t i = 0; i < message.recipients.size() && i < message.envelope.recipients.size(); ++i) {
    if (!is_withdrawn(message.recipients[i], action)) continue;
    const proto::Recipient& to = message.envelope.recipients[i];
    acted.withdrawn.push_back({to.mailbox.to_string(), routing::original_address(to)});
  }
  acted.log_room = charge(message, octets_of(acted));
  return acted;
}

}  // namespace mxpress::mta::delivery
