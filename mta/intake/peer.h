// The peer of the submission socket: its credentials from the kernel, and claims from /proc.
#pragma once

#include <string>

#include "proto/envelope.h"
#include "proto/result.h"

namespace mxpress::mta::intake {

// The peer of a connected Unix socket by SO_PEERCRED: uid and pid come from the kernel, program and unit are claims. For
// Envelope::submitter.
Result<proto::Submitter> peer_of_unix_socket(int descriptor);

// "php-fpm8.2" from /proc and "php8.2-fpm.service" from /proc/PID/cgroup; left empty when unknown. Cleaned. For sendmail and shells the
// program that started them is named: cron's mail has "cron".
void claim_program_and_unit(proto::Submitter& submitter);

// The innermost ".service" or ".scope" of /proc/PID/cgroup's text; empty if there is none.
std::string unit_of_cgroup(std::string_view cgroup);

// The program that listens on this local TCP port, for an error message: "exim4 (pid 812)"; empty if unknown.
std::string listener_of_port(std::uint16_t port);

}  // namespace mxpress::mta::intake
