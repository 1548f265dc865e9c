// The addresses that this host may deliver to: not its own, unless the configuration allows them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "dns/targets.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::routing {
struct Route;
}

namespace mxpress::mta::delivery {

// Nullopt if the system gives an error, for example because no descriptors are left. Any thread.
std::optional<std::set<dns::Address>> addresses_of_interfaces();

// The addresses of this host, at most kHold old, or from the last successful query: reading them takes some twenty system calls.
// Thread: one.
class OwnAddresses {
 public:
  using Query = std::function<std::optional<std::set<dns::Address>>()>;
  static constexpr Duration kHold = std::chrono::seconds(2);

  explicit OwnAddresses(Query query = addresses_of_interfaces) : query_(std::move(query)) {}
  // Null: no query has ever succeeded.
  std::shared_ptr<const std::set<dns::Address>> at(BootTime now);
  void ask_again() { asked_ = BootTime::min(); }

 private:
  Query query_;
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
