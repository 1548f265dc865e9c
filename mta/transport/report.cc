// Reports of attempts.
#include "mta/transport/report.h"

#include <utility>

#include "proto/network_words.h"

namespace mxpress::mta::transport {
namespace {

// An IPv6 address, on a host without IPv6, says less than an address that does not answer.
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

}  // namespace mxpress::mta::transport
