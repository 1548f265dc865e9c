// The result of one attempt to hand a message on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mta/net/tls_result.h"
#include "proto/outcome.h"
#include "queue/message.h"

namespace mxpress::mta::transport {

// The result of TLS on one connection.
struct HostTls {
  std::string host;     // "mx1.example.org"
  std::string address;  // "192.0.2.1:25"
  net::TlsResult result;
};

// One outcome for each recipient of the order, except those that its rate limit has left out.
struct AttemptReport {
  queue::Attempt attempt;                       // recipients and hosts
  WallTime ended{};                             // backoff starts here: a slow host is not tried again at once
  std::vector<proto::RecipientResult> results;  // same order as attempt.recipients
  bool site_failed = false;                     // no host could be reached: the failure is the site's, not the message's
  std::optional<proto::Stage> after_mail;       // a host failed after MAIL: at `rcpt` (the envelope, until DATA) or `content`
  proto::HostResult failure;                    // the most telling failure, if there is one
  bool is_busy = false;                         // the hosts accept no more connections: nothing was tried, and only `failure` is valid
  std::optional<WallTime> left_out_due;         // recipients were left out: time when the first of them is due
  std::optional<Duration> wait;                 // to the next attempt, or probe of the site, if not that of the retry schedule
  bool is_own_fault = false;                    // refused for good for a fault that is not the message's, and kept all the same
  bool is_of_provider = false;                  // after_mail: by a rule for hosts of one provider, so not in words that a customer chose
  std::vector<HostTls> tls;                     // of each new connection under a policy that requires TLS
};

// The result that better explains why mail does not arrive: a reply before our own finding, a later stage before an earlier one.
const proto::HostResult& most_telling(const proto::HostResult& a, const proto::HostResult& b);

// The report of an attempt that ended before any host was tried: lookup failure, damaged content. All recipients have the same result.
AttemptReport report_without_host(std::vector<std::uint32_t> recipients, proto::Outcome outcome, proto::HostResult result, WallTime now);

// True if all hosts have said that they take no mail (RFC 7504), or are none for mail with REQUIRETLS (RFC 8689).
bool no_host_takes_it(const AttemptReport& report);

// True if at least one recipient is untried; the positions of those that are.
bool has_untried(const AttemptReport& report);
std::vector<std::size_t> untried_in(const AttemptReport& report);
// True if the host at this address ("192.0.2.1:25") has accepted the message for some recipient in this attempt.
bool has_accepted(const AttemptReport& report, const std::string& address);

// Untried recipients get this outcome: by the failure of the report, or, if no host has failed, by a reply of their own.
void conclude_untried(AttemptReport& report, proto::Outcome outcome, bool has_failure);

// Removes untried recipients from the report: they wait for a rate limit.
void leave_out_untried(AttemptReport& report);

}  // namespace mxpress::mta::transport
