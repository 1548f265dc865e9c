// The log lines of delivery: one for each recipient of an attempt, one for each trouble of a site.
#pragma once

#include <exception>
#include <string>

#include "mta/delivery/verdict.h"

namespace mxpress::mta::delivery {

void log_attempt(const queue::Message& message, const Verdict& verdict);
void log_site_trouble(const std::string& site, const proto::HostResult& trouble, std::uint32_t failures, WallTime next_probe);

// An exception that reached the end of a coroutine: a bug, said with what it was about. Nothing for a null pointer.
void log_bug(const std::string& about, std::exception_ptr error);

}  // namespace mxpress::mta::delivery
