// The outcome table.
#include "mta/delivery/verdict.h"

#include <algorithm>
#include <utility>

#include "mta/delivery/notices.h"
#include "mta/transport/report.h"
#include "proto/network_words.h"
#include "queue/retry.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

using proto::Outcome;
using queue::RecipientStage;
using queue::RecipientState;

// The stage after a failure: is a notice needed? RFC 5321 6.1 (not for the null reverse-path), RFC 3461 4.1 (NOTIFY). Our own notices stay
// pending: if undeliverable they go to the local mailbox.
RecipientStage stage_after_failure(const proto::Envelope& envelope, const proto::Recipient& recipient) {
  if (envelope.is_notice) return RecipientStage::notice_pending;
  if (envelope.reverse_path.is_null()) return RecipientStage::ended;
  return recipient.notify.wants_failure() ? RecipientStage::notice_pending : RecipientStage::ended;
}

// Delivered: a notice is pending if SUCCESS was requested and no other host sends it: "delivered" on this host (RFC 3461 5.2.3), "relayed"
// if the mail host supports no DSN parameters (5.2.2).
RecipientStage stage_after_delivery(const proto::Envelope& envelope, const proto::Recipient& recipient, bool dsn_passed_on) {
  const bool is_ours_to_tell = recipient.notify.success && !dsn_passed_on && !envelope.reverse_path.is_null();
  return is_ours_to_tell ? RecipientStage::notice_pending : RecipientStage::delivered;
}

RecipientState state_after(const queue::Message& message, std::uint32_t index, const proto::RecipientResult& result,
                           const AttemptReport& report, bool time_is_up) {
  const proto::Recipient& recipient = message.envelope.recipients[index];
  RecipientState state = message.recipients[index];
  if (result.outcome == Outcome::untried) return state;  // the operator stopped the attempt before it was tried
  ++state.attempts;
  state.last = result.last;
  state.last_time = report.attempt.time;
  if (result.outcome == Outcome::delivered) {
    state.stage = stage_after_delivery(message.envelope, recipient, result.dsn_passed_on);
  } else if (result.outcome == Outcome::failed) {
    state.stage = stage_after_failure(message.envelope, recipient);
  } else if (time_is_up) {
    state.expired = true;
    state.stage = stage_after_failure(message.envelope, recipient);
  }
  return state;
}

}  // namespace

proto::HostResult told_to(const queue::RecipientState& recipient, const SiteFailure& failure) {
  return recipient.last == failure.result ? failure.result : proto::for_other_messages(failure.result, failure.since);
}

Verdict conclude(const queue::Message& message, AttemptReport report, const queue::RetryPolicy& policy, Duration age,
                 std::optional<WallTime> next_try, std::mt19937_64& random) {
  Verdict verdict;
  const bool time_is_up = age >= policy.lifetime;
  std::uint32_t attempts = 0;
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    const std::uint32_t index = report.attempt.recipients[i];
    RecipientState state = state_after(message, index, report.results[i], report, time_is_up);
    attempts = std::max(attempts, state.attempts);
    verdict.open = verdict.open || state.stage == RecipientStage::pending;
    verdict.notice_pending = verdict.notice_pending || state.stage == RecipientStage::notice_pending;
    verdict.settlement.changes.push_back({index, std::move(state)});
  }
  verdict.next_try = next_try ? *next_try : report.ended + policy.schedule.wait_after(std::max(attempts, 1u), random);
  for (auto& change : verdict.settlement.changes)
    if (change.state.stage == RecipientStage::pending) change.state.next_try = verdict.next_try;
  if (report.left_out_due) {
    verdict.next_try = verdict.open ? std::min(verdict.next_try, *report.left_out_due) : *report.left_out_due;
    verdict.open = true;
  }
  verdict.settlement.message = message.id;
  verdict.settlement.attempt = std::move(report.attempt);
  return verdict;
}

proto::HostResult held_by_configuration(const std::string& because) {
  return {proto::Stage::none, "", "", "", {4, 0, 0}, 0, because, false};
}

AttemptReport report_of_waiting(const queue::Message& message, std::vector<std::uint32_t> recipients, Outcome outcome,
                                const SiteFailure& failure, WallTime now) {
  auto report = report_without_host(std::move(recipients), outcome, proto::for_other_messages(failure.result, failure.since), now);
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    report.results[i].last = told_to(message.recipients[report.attempt.recipients[i]], failure);
    if (failure.is_own_fault && outcome == Outcome::failed) report.results[i].last.status.klass = 5;  // the host has said so
  }
  return report;
}

}  // namespace mxpress::mta::delivery
