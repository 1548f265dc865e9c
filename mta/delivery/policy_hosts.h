// Finds the hosts of a destination's route, and at the same time the MTA-STS policy of the domain. RFC 8461.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>

#include "dns/targets.h"
#include "mta/fairness/owner.h"
#include "mta/http_client/reach.h"
#include "mta/sts/finding.h"

namespace mxpress::mta {
struct Config;
}
namespace mxpress::mta::sts {
class Lookup;
}
namespace mxpress::mta::routing {
struct Route;
}

namespace mxpress::mta::delivery {

struct PolicyFinder {
  sts::Lookup* lookup = nullptr;  // null: no policy is asked for
  fairness::Owner owner{};        // of the mail
};

// Where policies may be fetched from: by the rules for mail hosts. `may_deliver_to`: see dns::TargetRules.
http_client::Reach policy_reach(const Config& config, std::function<bool(const dns::Address&)> may_deliver_to);

struct PolicyHosts {
  dns::Targets targets;
  net::TlsPolicy tls;                 // demanded of all of them, where DANE says nothing else of one
  std::optional<sts::Finding> sts{};  // nullopt: no policy was asked for
};

// See find_next_hops(). A policy is asked for only where the DNS names the hosts, and the configuration requires nothing of TLS. A host
// that a policy does not list is among the targets, but takes the place of none. The rest must outlive the coroutine.
Task<PolicyHosts> find_policy_hosts(std::shared_ptr<dns::Resolver> resolver, PolicyFinder finder, const Config& config,
                                    proto::Domain domain, const routing::Route& route, const dns::TargetRules& rules,
                                    std::mt19937_64& random);

// Moves to the targets what a published policy says about each host. The policy that is left takes no memory of its own, and is the same
// for all domains whose policies have the same mode: that of a domain may be long, and mail for many domains may wait.
void move_to_targets(PolicyHosts& hosts);

}  // namespace mxpress::mta::delivery
