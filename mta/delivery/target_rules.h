// Which addresses this host may deliver to: not to itself, unless the configuration allows it.
#pragma once

#include <memory>
#include <set>

#include "dns/targets.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::delivery {

// The addresses of this host's interfaces, as they were kHold ago at most, or when the system last told: it takes some twenty system calls.
// Thread: one.
class OwnAddresses {
 public:
  static constexpr Duration kHold = std::chrono::seconds(2);
  // Null: the system has never told (it has no descriptors left, say).
  std::shared_ptr<const std::set<dns::Address>> at(BootTime now);
  void ask_again() { asked_ = BootTime::min(); }

 private:
  std::shared_ptr<const std::set<dns::Address>> known_;
  BootTime asked_ = BootTime::min();
};

// Cuts loopback, unspecified, multicast, link-local and this host's own addresses unless `[delivery] allow_addresses` has them; an address
// and port that we listen on are always cut. RFC 5321 5.1
dns::TargetRules target_rules(const Config& config, const proto::Domain& domain, std::shared_ptr<const std::set<dns::Address>> own);

}  // namespace mxpress::mta::delivery
