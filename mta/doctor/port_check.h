// Whether this host reaches port 25 of mail hosts.
#pragma once

#include <vector>

#include "mta/doctor/finding.h"
#include "mta/doctor/network.h"
#include "mta/doctor/subject.h"

namespace mxpress::mta::doctor {

// A mail host that answered this host's daemon.
struct Success {
  std::string host;
  std::string address;  // "192.0.2.1:25", "[2001:db8::1]:25"
  WallTime when{};
};

struct PortFacts {
  std::vector<Success> successes{};            // of the last day
  std::vector<proto::Domain> probe_domains{};  // whose mail hosts are probed if there is no success
};

// `family`: ipv4 or ipv6. `resolver` and `prober` must outlive it.
Task<Findings> check_port(Subject subject, dns::AddressFamily family, PortFacts facts, dns::Resolver& resolver, Prober& prober);
std::string_view port_check_name(dns::AddressFamily family);  // "port25 ipv4"

}  // namespace mxpress::mta::doctor
