// Converts the daemon's values to control messages.
#include "mta/control/describe.h"

#include "mta/events/event.h"
#include "mta/replies/meaning.h"
#include "mta/replies/reply_class.h"
#include "mta/replies/rule_set.h"
#include "mta/routing/aliases.h"
#include "proto/control.pb.h"
#include "proto/explanation.h"
#include "proto/printable.h"
#include "queue/message.h"

namespace mxpress::mta::control {
namespace {

constexpr std::size_t kMaxText = 1000;

std::string text(std::string_view value) { return proto::printable(value, kMaxText); }

void fill(control_pb::HostReport& report, const proto::HostResult& result) {
  report.set_stage(std::string(proto::to_string(result.stage)));
  report.set_host(text(result.host));
  report.set_address(text(result.address));
  report.set_tls(text(result.tls));
  if (result.status.klass != 0) report.set_status(result.status.to_string());
  report.set_reply_code(result.reply_code);
  report.set_text(text(result.text));
  report.set_maybe_delivered(result.maybe_delivered);
}

std::string_view stage_of(const queue::RecipientState& state) {
  const bool is_delivered = state.last && state.last->status.klass == 2;  // with a notice of success
  switch (state.stage) {
    case queue::RecipientStage::pending:
      return "pending";
    case queue::RecipientStage::delivered:
      return "delivered";
    case queue::RecipientStage::notice_pending:
      return is_delivered ? "delivered" : "notice owed";
    case queue::RecipientStage::ended:
      return is_delivered ? "delivered" : state.expired ? "expired" : "failed";
    case queue::RecipientStage::removed:
      return "removed";
  }
  return "pending";
}

bool is_over(const queue::RecipientState& state) {
  return state.stage == queue::RecipientStage::ended || state.stage == queue::RecipientStage::notice_pending;
}

// The addressee of a failure notice, as delivery/verdict.cc and delivery/notices.cc choose him.
std::string_view told(const proto::Envelope& envelope, const proto::Recipient& recipient, const queue::RecipientState& state) {
  const bool is_pending = state.stage == queue::RecipientStage::notice_pending;
  if (envelope.is_notice) return is_pending ? "it is being put into this host's mailbox" : "it is kept in this host's mailbox";
  if (envelope.reverse_path.is_null()) return "nobody is told: it has no sender";
  if (is_pending) return "the sender is being told";
  if (!recipient.notify.wants_failure() && !(state.last && proto::returned_by_operator(*state.last)))
    return "nobody is told: the sender wants no notice (NOTIFY)";
  return "the sender has been told";
}

enum class Prospect { tried_again, at_rest };

// Includes the action that the operator can take.
std::string meaning(const proto::HostResult& result, const proto::Explanation& explanation, Prospect prospect) {
  std::string words = explanation.words;
  const bool is_greeting = result.stage == proto::Stage::greeting || result.stage == proto::Stage::hello;
  if (is_greeting && result.reply_code / 100 == 5 && prospect == Prospect::tried_again)
    words += " mxpress goes on trying until the mail expires.";
  if (!explanation.hint.empty()) words.append(" ").append(explanation.hint);
  return words;
}

bool has_meaning(const proto::HostResult& result) {
  const bool is_own_finding = result.reply_code == 0;
  return result.status.klass != 0 && result.status.klass != 2 && (result.status.subject != 0 || !is_own_finding);
}

Prospect prospect_of(const queue::Message& message, const queue::RecipientState& state) {
  return !message.held && state.stage == queue::RecipientStage::pending ? Prospect::tried_again : Prospect::at_rest;
}

void fill(control_pb::RecipientInfo& info, const proto::Envelope& envelope, const proto::Recipient& recipient,
          const queue::RecipientState& state, Prospect prospect) {
  info.set_address(text(recipient.mailbox.to_string()));
  info.set_original(text(routing::original_address(recipient)));
  info.set_stage(std::string(stage_of(state)));
  info.set_attempts(state.attempts);
  if (state.stage == queue::RecipientStage::pending) info.set_next_try_ms(milliseconds(state.next_try));
  info.set_last_time_ms(milliseconds(state.last_time));
  if (info.stage() != "delivered" && is_over(state)) info.set_told(std::string(told(envelope, recipient, state)));
  if (!state.last) return;
  fill(*info.mutable_last(), *state.last);
  if (has_meaning(*state.last)) info.mutable_last()->set_meaning(meaning(*state.last, proto::explain(*state.last), prospect));
}

void fill(control_pb::HostAttemptInfo& info, const proto::HostAttempt& attempt) {
  fill(*info.mutable_report(), attempt.result);
  info.set_started_ms(milliseconds(attempt.started));
  info.set_connect_ms(attempt.connect.count());
  info.set_total_ms(attempt.total.count());
  info.set_reused_session(attempt.reused_session);
}

void fill(control_pb::MessageInfo& info, const proto::Submitter& submitter) {
  info.set_entrance(text(submitter.entrance));
  info.set_uid(submitter.uid);
  info.set_pid(submitter.pid);
  info.set_program(text(submitter.program));
  info.set_unit(text(submitter.unit));
  info.set_client_address(text(submitter.client_address));
  info.set_client_name(text(submitter.client_name));
}

}  // namespace

std::int64_t milliseconds(WallTime time) { return time.time_since_epoch().count(); }

std::string_view state_of(const queue::Message& message, WallTime now) {
  if (queue::is_finished(message)) return "ended";
  if (message.held) return "held";
  for (const queue::RecipientState& state : message.recipients)
    if (state.stage == queue::RecipientStage::pending && state.next_try <= now) return "active";
  return "deferred";
}

control_pb::MessageInfo describe_head(const queue::Message& message, WallTime now) {
  control_pb::MessageInfo info;
  const proto::Envelope& envelope = message.envelope;
  info.set_id(message.id.to_string());
  info.set_state(std::string(state_of(message, now)));
  info.set_sender(text(envelope.reverse_path.to_string()));
  if (message.content) info.set_size(message.content->size());
  info.set_submitted_ms(milliseconds(envelope.submitted));
  if (message.ended) info.set_ended_ms(milliseconds(message.ended_at));
  info.set_is_notice(envelope.is_notice);
  fill(info, envelope.submitter);
  return info;
}

void describe_recipient(control_pb::RecipientInfo& info, const queue::Message& message, std::size_t index) {
  const queue::RecipientState state = index < message.recipients.size() ? message.recipients[index] : queue::RecipientState{};
  fill(info, message.envelope, message.envelope.recipients[index], state, prospect_of(message, state));
}

void explain_by(const replies::RuleSet* rules, control_pb::RecipientInfo& info, const queue::Message& message, std::size_t index) {
  if (!rules || index >= message.recipients.size() || !message.recipients[index].last) return;
  const queue::RecipientState& state = message.recipients[index];
  if (!has_meaning(*state.last)) return;
  const proto::Explanation explanation = replies::explain(rules, *state.last);
  if (!explanation.advice) return;
  control_pb::HostReport& report = *info.mutable_last();
  report.set_meaning(meaning(*state.last, explanation, prospect_of(message, state)));
  report.set_reply_class(explanation.advice->kind);
  report.set_who(std::string(replies::to_string(explanation.advice->who)));
  report.set_todo(text(explanation.advice->todo));
  report.set_link(text(explanation.advice->link));
}

void describe_attempt(control_pb::AttemptInfo& info, const queue::Attempt& attempt) {
  info.set_time_ms(milliseconds(attempt.time));
  for (const proto::HostAttempt& host : attempt.hosts) fill(*info.add_host(), host);
}

// An attempt changes the family once, for the first reply that asks for it.
void explain_families(const replies::RuleSet* rules, control_pb::AttemptInfo& info, const queue::Attempt& attempt) {
  const auto is_v6 = [](const proto::HostAttempt& host) { return host.result.address.starts_with('['); };
  for (std::size_t i = 0; rules && i + 1 < attempt.hosts.size(); ++i) {
    const proto::HostAttempt& host = attempt.hosts[i];
    if (is_v6(host) == is_v6(attempt.hosts[i + 1])) continue;
    const auto match = rules->match(host.result);
    if (!match || !match->rule->tries_other_family) continue;
    return info.mutable_host(static_cast<int>(i))->set_other_family(std::string(events::family_name(!is_v6(host))));
  }
}

void add_recipient(control_pb::AttemptInfo& info, const queue::Message& message, std::uint32_t index) {
  if (index < message.envelope.recipients.size()) info.add_recipient(text(message.envelope.recipients[index].mailbox.to_string()));
}

control_pb::MessageInfo describe(const queue::Message& message, WallTime now) {
  control_pb::MessageInfo info = describe_head(message, now);
  for (std::size_t i = 0; i < message.envelope.recipients.size(); ++i) describe_recipient(*info.add_recipient(), message, i);
  for (const queue::Attempt& attempt : message.attempts) {
    control_pb::AttemptInfo& told = *info.add_attempt();
    describe_attempt(told, attempt);
    for (const std::uint32_t index : attempt.recipients) add_recipient(told, message, index);
  }
  return info;
}

void add_flights(control_pb::RecipientInfo& info, queue::QueueId message, const std::vector<delivery::Flight>& flights) {
  for (const delivery::Flight& flight : flights) {
    if (flight.message != message) continue;
    info.mutable_trying()->set_host(text(flight.host));
    info.mutable_trying()->set_address(text(flight.address));
    info.set_trying_since_ms(milliseconds(flight.since));
  }
}

void describe_events(control_pb::StatusInfo& info, const DaemonStatus& daemon) {
  for (const events::Hub::Loss& loss : daemon.losses) {
    if (loss.events == 0) continue;
    control_pb::Loss& lost = *info.add_lost();
    lost.set_sink(std::string(loss.sink));
    lost.set_events(loss.events);
  }
  const events::Counts& counts = daemon.counts;
  control_pb::Counts& told = *info.mutable_counts();
  told.set_accepted(counts.accepted);
  told.set_delivered(counts.delivered);
  told.set_deferred(counts.deferred);
  told.set_failed(counts.failed);
  told.set_expired(counts.expired);
  told.set_removed(counts.removed);
  told.set_returned(counts.returned);
  told.set_failure_notices(counts.failure_notices);
  told.set_delay_notices(counts.delay_notices);
  told.set_success_notices(counts.success_notices);
  told.set_notices_left_out(counts.notices_left_out);
  told.set_notices_kept(counts.notices_kept);
  told.set_held(counts.held);
  told.set_released(counts.released);
  told.set_set_aside(counts.set_aside);
  told.set_unrecorded(counts.unrecorded);
  told.set_unreadable(counts.unreadable);
  told.set_sessions_verified(counts.sessions_verified);
  told.set_sessions_encrypted(counts.sessions_encrypted);
  told.set_sessions_clear(counts.sessions_clear);
  told.set_tls_refused(counts.tls_refused);
  told.set_connections_failed(counts.connections_failed);
  told.set_site_failures(counts.site_failures);
  told.set_site_recoveries(counts.site_recoveries);
}

void describe_keys(control_pb::StatusInfo& info, const std::vector<records::KeyStatus>& keys) {
  using records::KeyState;
  for (const records::KeyStatus& key : keys) {
    control_pb::SigningKey& told = *info.add_signing_key();
    told.set_domain(key.domain);
    told.set_selector(key.selector);
    told.set_kind(key.kind);
    told.set_state(std::string(to_string(key.state)));
    told.set_why(text(key.why));
    told.set_seen_ms(key.seen ? milliseconds(*key.seen) : 0);
    told.set_is_next(key.is_next);
    told.set_record(records::record_name_of(key));
    if (key.state == KeyState::waits)
      info.add_warning("the key " + key.selector + " of " + key.domain + " does not sign yet: " + text(key.why) + " (mxpress setup)");
    if (key.state == KeyState::signs && !key.why.empty())
      info.add_warning("the key " + key.selector + " of " + key.domain + " signs, but: " + text(key.why));
    if (key.state == KeyState::lost)
      info.add_trouble("the DNS record " + told.record() + " of a key that signs is gone or wrong: " + text(key.why) +
                       "; publish it again (mxpress dkim records)");
  }
}

void describe_limits(control_pb::StatusInfo& info, const std::vector<rates::AccountStatus>& limits) {
  for (const rates::AccountStatus& account : limits) {
    control_pb::RateLimit& told = *info.add_rate_limit();
    told.set_routes(account.routes);
    for (const rates::LimitStatus& limit : account.limits) {
      control_pb::RateLimit::Bound& one = *told.add_bound();
      one.set_limit(limit.limit);
      one.set_used(limit.used);
      one.set_most(limit.most);
    }
    if (account.next) told.set_next_ms(milliseconds(*account.next));
  }
}

void describe_providers(control_pb::StatusInfo& info, const std::vector<delivery::ProviderUse>& providers) {
  for (const delivery::ProviderUse& use : providers) {
    control_pb::ProviderUse& told = *info.add_provider_use();
    told.set_provider(use.name);
    told.set_open(use.open);
    told.set_most(use.most);
    told.set_waiting(use.waiting);
  }
}

control_pb::DestinationInfo describe(const delivery::DestinationStatus& destination) {
  control_pb::DestinationInfo info;
  info.set_destination(text(destination.destination));
  info.set_site(text(destination.site));
  info.set_messages(destination.messages);
  info.set_in_flight(destination.in_flight);
  info.set_held(destination.held);
  info.set_ending(destination.ending);
  info.set_oldest_ms(milliseconds(destination.oldest));
  info.set_next_try_ms(milliseconds(destination.next_try));
  if (destination.last) fill(*info.mutable_last(), *destination.last);
  return info;
}

}  // namespace mxpress::mta::control
