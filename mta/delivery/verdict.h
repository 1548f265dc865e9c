// The outcome table: the effect of an attempt on each recipient, and the time of the next try. Pure. docs/delivery.md explains it.
#pragma once

#include <optional>
#include <random>
#include <vector>

#include "mta/delivery/site_failure.h"
#include "mta/transport/report.h"
#include "proto/outcome.h"
#include "queue/message_store.h"

namespace mxpress::queue {
struct RetryPolicy;
}

namespace mxpress::mta::delivery {

using transport::AttemptReport;
using transport::report_without_host;

// The result for a recipient of a message that waits for the site: the reply itself only if this message got it.
proto::HostResult told_to(const queue::RecipientState& recipient, const SiteFailure& failure);

// The result for recipients of a message held by the configuration: proto::Envelope::held_because.
proto::HostResult held_by_configuration(const std::string& because);

// The next state of a job.
struct Verdict {
  queue::Settlement settlement;
  bool open = false;            // some recipients are still pending
  WallTime next_try{};          // if open
  bool notice_pending = false;  // the sender is to be notified
};

// `age` is the time since submission; once it reaches the policy's lifetime, deferred recipients have expired (4.4.7). `next_try`: for a
// site in backoff, its next probe; otherwise the retry schedule decides.
Verdict conclude(const queue::Message& message, AttemptReport report, const queue::RetryPolicy& policy, Duration age,
                 std::optional<WallTime> next_try, std::mt19937_64& random);

// The report for recipients of `message`, which waits for a failed site or lookup.
AttemptReport report_of_waiting(const queue::Message& message, std::vector<std::uint32_t> recipients, proto::Outcome outcome,
                                const SiteFailure& failure, WallTime now);

}  // namespace mxpress::mta::delivery
