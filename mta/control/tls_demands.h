// What is demanded of the mail hosts of a domain, and by whom: `mxpress tls`.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dns/async.h"
#include "dns/target.h"
#include "mta/net/tls_policy.h"
#include "mta/sts/lookup.h"
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
  std::string way;                    // who names the hosts: "the DNS", "[route]"
  std::string failure{};              // why there are none, for people
  std::vector<HostDemand> hosts{};    // in the order to try them
  std::string note{};                 // about the name servers, for people; empty: nothing
  std::optional<sts::Finding> sts{};  // the MTA-STS policy of the domain, or why there is none; nullopt: not asked for
};

// Asks as a delivery does at this moment. `own`: this host's addresses. `lookup`: null: no MTA-STS. `config` and `lookup` outlive the
// coroutine.
Task<TlsDemands> find_tls_demands(const Config& config, std::shared_ptr<dns::Resolver> resolver, sts::Lookup* lookup, proto::Domain domain,
                                  std::set<dns::Address> own);

// The same by the configured name servers and with the MTA-STS policies that the daemon keeps, on this thread. Changes nothing. Takes a
// minute at most.
TlsDemands find_tls_demands(const Config& config, const proto::Domain& domain);

}  // namespace mxpress::mta::control
