// The log lines of delivery.
#include "mta/delivery/attempt_log.h"

#include <algorithm>

#include "dns/async.h"
#include "mta/host/log.h"
#include "mta/routing/aliases.h"

namespace mxpress::mta::delivery {
namespace {

using queue::RecipientStage;

constexpr std::uint64_t kRestOfLine = 300;  // octets: without addresses and reply, about

std::string_view word_for(const queue::RecipientState& state) {
  if (state.stage == RecipientStage::pending) return "deferred";
  if (state.expired) return "expired";
  return state.last && state.last->status.klass == 2 ? "delivered" : "failed";
}

// The host attempt that gave this result; null for findings without a host.
const proto::HostAttempt* attempt_behind(const queue::Attempt& attempt, const proto::HostResult& result) {
  const auto found = std::find_if(attempt.hosts.rbegin(), attempt.hosts.rend(),
                                  [&](const proto::HostAttempt& host) { return host.result.address == result.address; });
  return found == attempt.hosts.rend() ? nullptr : &*found;
}

void add_result(LogLine& line, const proto::HostResult& result) {
  if (!result.host.empty() || !result.address.empty()) {
    std::string host;
    host.reserve(result.host.size() + result.address.size() + 2);
    line.add("host", host.append(result.host).append("[").append(result.address).append("]"));
  }
  line.add("tls", result.tls.empty() ? "none" : result.tls);
  line.add("stage", proto::to_string(result.stage));
  line.add("status", result.status.to_string());
  line.add("reply", result.text);
  if (result.maybe_delivered) line.add("maybe_delivered", "yes");
}

void add_envelope(LogLine& line, const queue::Message& message, std::uint32_t recipient) {
  const proto::Recipient& to = message.envelope.recipients[recipient];
  line.add("from", message.envelope.reverse_path.in_brackets());
  line.add("to", to.mailbox.in_brackets());
  const std::string original = routing::original_address(to);
  if (!original.empty()) line.add("orig_to", "<" + original + ">");
}

// The action found this recipient waiting, or its notice owed.
bool is_withdrawn(const queue::RecipientState& state, queue::ActionKind action) {
  if (action == queue::ActionKind::remove) return state.stage == RecipientStage::removed;
  return state.stage != RecipientStage::pending && state.last && proto::returned_by_operator(*state.last);
}

LogLine line_of(const queue::Message& message, const queue::Settlement& settlement, const queue::Settlement::Change& change) {
  const queue::RecipientState& state = change.state;
  const std::string_view outcome = word_for(state);
  LogLine line(outcome == "delivered" ? Priority::info : Priority::notice, message.id, outcome == "expired" ? "expired" : "attempt");
  line.add("outcome", outcome);
  add_envelope(line, message, change.recipient);
  if (state.last) add_result(line, *state.last);
  line.add("delay", settlement.attempt.time - message.envelope.submitted);
  if (const auto* host = state.last ? attempt_behind(settlement.attempt, *state.last) : nullptr) {
    line.add("connect", host->connect).add("session", host->total);
    if (host->reused_session) line.add("reused", "yes");
  }
  if (state.stage == RecipientStage::pending) line.add("next_try_in", std::max(Duration(0), state.next_try - Clock::current().wall()));
  return line;
}

}  // namespace

std::vector<LogLine> lines_of_attempt(const queue::Message& message, const Verdict& verdict) {
  std::vector<LogLine> lines;
  lines.reserve(verdict.settlement.changes.size());
  for (const auto& change : verdict.settlement.changes) lines.push_back(line_of(message, verdict.settlement, change));
  return lines;
}

std::uint64_t octets_of_lines(const queue::Message& message, const std::vector<std::uint32_t>& recipients, const SiteFailure& failure) {
  const auto size_of = [](const proto::Mailbox& mailbox) { return mailbox.local_part().size() + mailbox.domain().text().size(); };
  const proto::ReversePath& from = message.envelope.reverse_path;
  const std::uint64_t each = kRestOfLine + failure.result.text.size() + (from.is_null() ? 0 : size_of(from.mailbox()));
  std::uint64_t octets = each * recipients.size();
  for (const std::uint32_t index : recipients) octets += size_of(message.envelope.recipients[index].mailbox);
  return octets;
}

void log_withdrawn(const queue::Message& message, queue::ActionKind action, std::int64_t uid) {
  const std::string_view outcome = action == queue::ActionKind::remove ? "removed" : "returned";
  std::vector<LogLine> lines;
  for (std::uint32_t i = 0; i < message.recipients.size() && i < message.envelope.recipients.size(); ++i) {
    if (!is_withdrawn(message.recipients[i], action)) continue;
    LogLine line(Priority::notice, message.id, outcome);
    line.add("outcome", outcome).add("by_uid", uid);
    add_envelope(line, message, i);
    lines.push_back(std::move(line));
  }
  LogRoom::Hold room = log_rooms().outcomes.charge(message.envelope.submitter.share_owner(), octets_of(lines));
  log(std::move(lines), std::move(room));
}

void log_site_trouble(const std::string& site, const SiteFailure& failure, std::uint32_t failures, WallTime next_probe) {
  LogLine line(Priority::warning, "site");
  line.add("hosts", site).add("failures", static_cast<std::int64_t>(failures));
  add_result(line, proto::for_other_messages(failure.result, failure.since));
  line.add("next_probe_in", std::max(Duration(0), next_probe - Clock::current().wall()));
  log(line);
}

}  // namespace mxpress::mta::delivery
