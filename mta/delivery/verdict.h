// The outcome table: what the results of an attempt mean for each recipient, and when to try again. Pure. docs/delivery.md explains it.
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

// The same for a recipient of a message that waits for the site: the reply itself only where this message got it.
proto::HostResult told_to(const queue::RecipientState& recipient, const SiteFailure& failure);

// What is said of recipients of a message that the configuration holds: proto::Envelope::held_because.
proto::HostResult held_by_configuration(const std::string& because);

// What becomes of a job.
struct Verdict {
  queue::Settlement settlement;
  bool open = false;            // recipients are left to try
  WallTime next_try{};          // if open
  bool notice_pending = false;  // the sender is to be told something
};

// `age` is how long ago the message was submitted; once it reaches the policy's lifetime, what is deferred has expired (4.4.7).
// `next_try`: a site in backoff says itself when to try again; otherwise the retry schedule does.
Verdict conclude(const queue::Message& message, AttemptReport report, const queue::RetryPolicy& policy, Duration age,
                 std::optional<WallTime> next_try, std::mt19937_64& random);

// The report for recipients of `message`, which waits for a site or a lookup that has failed.
AttemptReport report_of_waiting(const queue::Message& message, std::vector<std::uint32_t> recipients, proto::Outcome outcome,
                                const SiteFailure& failure, WallTime now);

}  // namespace mxpress::mta::delivery
