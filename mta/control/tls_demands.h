// What is demanded of the mail hosts of a domain, and by whom: `mxpress tls`.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "dns/async.h"
#include "dns/target.h"
#include "mta/net/tls_policy.h"
#include "proto/domain.h"

namespace mxpress::dns {
class Resolver;
}

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::control {

struct HostDemand {
  std::string host;
  std::vector<std::string> addresses;  // "192.0.2.1:25"
  net::TlsPolicy policy;
  dns::HostTlsa::Kind tlsa = dns::HostTlsa::Kind::not_asked;  // what the DNS has said
};

struct TlsDemands {
  std::string way;                  // who names the hosts: "the DNS", "[route]"
  std::string failure{};            // why there are none, for people
  std::vector<HostDemand> hosts{};  // in the order to try them
  std::string note{};               // about the name servers, for people; empty: nothing
};

// Asks as a delivery does at this moment. `own`: this host's addresses. `config` and `resolver` outlive the coroutine.
Task<TlsDemands> find_tls_demands(const Config& config, dns::Resolver& resolver, proto::Domain domain, std::set<dns::Address> own);

// The same by the configured name servers, on this thread. Takes a minute at most.
TlsDemands find_tls_demands(const Config& config, const proto::Domain& domain);

}  // namespace mxpress::mta::control
