// What the classes of replies change in the outcome of an attempt. docs/delivery.md explains it.
#pragma once

#include <chrono>

#include "proto/time.h"

namespace mxpress::queue {
struct Message;
struct RetryPolicy;
}  // namespace mxpress::queue

namespace mxpress::mta::replies {
class RuleSet;
struct Rule;
}  // namespace mxpress::mta::replies

namespace mxpress::mta::transport {
struct AttemptReport;
}

namespace mxpress::mta::delivery {

// Between two attempts, or two probes of a site, while mail is kept for a fault of this host.
inline constexpr Duration kOwnFaultWait = std::chrono::hours(4);

// Whose domain the envelope's sender is of: foreign, if this host cannot publish its records. What the records of a foreign domain lack
// says nothing about other mail.
enum class SenderDomain { own, foreign };

// Changes the report of an attempt for `message`, whose age that counts is `age`:
// - refused for good (5xx) by an own fault: deferred, until it is RetryPolicy::own_fault_lifetime old;
// - a wait that a reply states for the first time, and kOwnFaultWait: AttemptReport::wait;
// - if all recipients met an own fault or a rate limit that other mail of this owner will meet, too: the failure counts as the site's
// (AttemptReport::site_failed, after_mail). Never makes a failure of 4xx, nor changes what is delivered. Returns the rule of the own fault,
// or null. Pure.
const replies::Rule* apply_rules(const replies::RuleSet& rules, const queue::Message& message, const queue::RetryPolicy& policy,
                                 Duration age, SenderDomain sender, transport::AttemptReport& report);

}  // namespace mxpress::mta::delivery
