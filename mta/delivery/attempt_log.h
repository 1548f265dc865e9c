// The log lines of delivery: one for each recipient of an attempt or that an operator has taken out, one for each trouble of a site.
#pragma once

#include <string>
#include <vector>

#include "mta/delivery/verdict.h"
#include "mta/host/log.h"

namespace mxpress::mta::delivery {

// To be logged once the outcome is durable: a line that says "delivered" is not taken back by a crash.
std::vector<LogLine> lines_of_attempt(const queue::Message& message, const Verdict& verdict);
// About what the lines of an attempt that ends like this take while they wait.
std::uint64_t octets_of_lines(const queue::Message& message, const std::vector<std::uint32_t>& recipients, const SiteFailure& failure);
// What the operator (this user) has removed or returned, in the state after it.
void log_withdrawn(const queue::Message& message, queue::ActionKind action, std::int64_t uid);
// In our own words where the host's may be about a message, whose own line has them.
void log_site_trouble(const std::string& site, const SiteFailure& failure, std::uint32_t failures, WallTime next_probe);

}  // namespace mxpress::mta::delivery
