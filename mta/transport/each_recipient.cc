// Iterates over the recipients of an order.
#include "mta/transport/each_recipient.h"

#include <algorithm>
#include <utility>

namespace mxpress::mta::transport {

using proto::Outcome;

Task<AttemptReport> deliver_each(const Order& order, std::function<Task<OneResult>(std::uint32_t recipient)> deliver_one) {
  AttemptReport report;
  FailureOf failure_of = FailureOf::site;
  report.attempt.time = Clock::current().wall();
  report.attempt.recipients = order.recipients;
  for (const std::uint32_t recipient : order.recipients) {
    const bool has_failed = !report.results.empty() && report.results.back().outcome == Outcome::deferred;
    if (has_failed) {
      report.results.push_back(report.results.back());
    } else if (order.hand_over && !order.hand_over()) {
      report.results.push_back({});
    } else {
      OneResult one = co_await deliver_one(recipient);
      failure_of = one.failure_of;
      report.results.push_back(std::move(one.result));
    }
  }
  report.ended = Clock::current().wall();
  const auto tried = [](const proto::RecipientResult& one) { return one.outcome != Outcome::untried; };
  const auto last = std::find_if(report.results.rbegin(), report.results.rend(), tried);
  if (last == report.results.rend()) co_return report;
  const auto took = std::chrono::duration_cast<Duration>(report.ended - report.attempt.time);
  report.attempt.hosts.push_back({last->last, report.attempt.time, {}, took, false});
  report.failure = last->last;
  report.site_failed = last->outcome == Outcome::deferred;
  if (report.site_failed && failure_of == FailureOf::message) report.after_mail = proto::Stage::content;
  co_return report;
}

proto::RecipientResult local_result(Outcome outcome, proto::EnhancedStatus status, std::string text) {
  return {outcome, {proto::Stage::local, "", "", "", status, 0, std::move(text), false}, false};
}

}  // namespace mxpress::mta::transport
