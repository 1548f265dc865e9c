// Reports of attempts.
#include "mta/transport/report.h"

#include <algorithm>
#include <utility>

#include "mta/smtp/client_result.h"
#include "proto/network_words.h"

namespace mxpress::mta::transport {
namespace {

// A failed IPv6 address, on a host without IPv6, says less than an address that does not answer.
bool has_no_route(const proto::HostResult& result) {
  return result.stage == proto::Stage::connect && proto::connect_failure(result) == proto::ConnectFailure::no_route;
}

int telling_rank(const proto::HostResult& result) {
  const int reply = result.reply_code != 0 ? 100 : 0;
  const int stage = static_cast<int>(result.stage == proto::Stage::none ? proto::Stage::lookup : result.stage);
  return 2 * (reply + stage) - (has_no_route(result) ? 1 : 0);
}

}  // namespace

const proto::HostResult& most_telling(const proto::HostResult& a, const proto::HostResult& b) {
  return telling_rank(b) > telling_rank(a) ? b : a;
}

AttemptReport report_without_host(std::vector<std::uint32_t> recipients, proto::Outcome outcome, proto::HostResult result, WallTime now) {
  AttemptReport report;
  report.attempt.time = report.ended = now;
  report.attempt.recipients = std::move(recipients);
  report.attempt.hosts.push_back({result, now, {}, {}, false});
  report.results.assign(report.attempt.recipients.size(), {outcome, result});
  report.failure = std::move(result);
  report.site_failed = outcome == proto::Outcome::deferred || outcome == proto::Outcome::untried;
  return report;
}

bool no_host_takes_it(const AttemptReport& report) {
  const auto& hosts = report.attempt.hosts;
  return std::all_of(hosts.begin(), hosts.end(), [](const proto::HostAttempt& host) {
    const proto::HostResult& result = host.result;
    return result.reply_code == 521 || (result.reply_code == 0 && result.status == smtp::kRequireTlsNeeded);
  });
}

bool has_untried(const AttemptReport& report) {
  const auto is_untried = [](const auto& result) { return result.outcome == proto::Outcome::untried; };
  return std::any_of(report.results.begin(), report.results.end(), is_untried);
}

std::vector<std::size_t> untried_in(const AttemptReport& report) {
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < report.results.size(); ++i)
    if (report.results[i].outcome == proto::Outcome::untried) positions.push_back(i);
  return positions;
}

bool has_accepted(const AttemptReport& report, const std::string& address) {
  const auto took = [&](const auto& result) { return result.outcome == proto::Outcome::delivered && result.last.address == address; };
  return std::any_of(report.results.begin(), report.results.end(), took);
}

void conclude_untried(AttemptReport& report, proto::Outcome outcome, bool has_failure) {
  for (auto& result : report.results) {
    if (result.outcome != proto::Outcome::untried) continue;
    result.outcome = outcome;
    const bool has_own_reply = !has_failure && result.last.reply_code != 0;  // "too many", again
    if (!has_own_reply) result.last = report.failure;
    if (outcome == proto::Outcome::deferred) result.last.status.klass = 4;
  }
}

void leave_out_untried(AttemptReport& report) {
  std::vector<std::uint32_t> recipients;
  std::vector<proto::RecipientResult> results;
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    if (report.results[i].outcome == proto::Outcome::untried) continue;
    recipients.push_back(report.attempt.recipients[i]);
    results.push_back(std::move(report.results[i]));
  }
  report.attempt.recipients = std::move(recipients);
  report.results = std::move(results);
}

}  // namespace mxpress::mta::transport
