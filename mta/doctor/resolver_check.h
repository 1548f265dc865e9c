// Whether the name servers of this host answer, by UDP, by TCP and with EDNS, how fast, and whether they invent names.
#pragma once

#include "mta/doctor/finding.h"
#include "mta/doctor/network.h"

namespace mxpress::mta::doctor {

struct ServerFound {
  Finding finding;
  bool answers = false;  // at least by UDP: the other checks can ask the DNS
};

// `prober` must outlive it.
Task<ServerFound> check_server(dns::ServerConfig server, ServerProber& prober);

// `random_label`: of a name that nobody has. `resolver` must outlive it.
Task<Findings> check_nxdomain(std::string random_label, dns::Resolver& resolver);

// `dane`: of the daemon's status, "on: ...", "off: ..."; empty: no daemon answers.
Finding check_dnssec(const std::string& dane);

}  // namespace mxpress::mta::doctor
