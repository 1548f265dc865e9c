// The addresses that this host may deliver to: not its own, unless the configuration allows them.
#pragma once

#include <functional>
#include <memory>
#include <set>

#include "dns/targets.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::routing {
struct Route;
}

namespace mxpress::mta::delivery {

// The addresses of this host's interfaces, at most kHold old, or from the last successful query: reading them takes some twenty system
// calls. Thread: one.
class OwnAddresses {
 public:
  static constexpr Duration kHold = std::chrono::seconds(2);
  // Null: no query has ever succeeded (for example, no descriptors are left).
  std::shared_ptr<const std::set<dns::Address>> at(BootTime now);
  void ask_again() { asked_ = BootTime::min(); }

 private:
  std::shared_ptr<const std::set<dns::Address>> known_;
  BootTime asked_ = BootTime::min();
};

// The addresses that mail may go to: all but loopback, unspecified, multicast, link-local and this host's own ones, and those of
// `[delivery] allow_addresses`.
std::function<bool(const dns::Address&)> deliverable(const Config& config, std::shared_ptr<const std::set<dns::Address>> own);

// Drops loopback, unspecified, multicast, link-local and this host's own addresses unless `[delivery] allow_addresses` has them; an address
// and port that we listen on is always dropped. RFC 5321 5.1. `route`: of `domain`. TLSA records are looked up only for hosts from the DNS,
// and only if the configuration requires nothing of TLS.
dns::TargetRules target_rules(const Config& config, const proto::Domain& domain, const routing::Route& route,
                              std::shared_ptr<const std::set<dns::Address>> own);

}  // namespace mxpress::mta::delivery
