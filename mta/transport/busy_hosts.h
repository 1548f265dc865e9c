// The hosts that an attempt could not connect to because they had enough connections.
#pragma once

#include <algorithm>
#include <vector>

#include "dns/target.h"

namespace mxpress::mta::transport {

// The targets outlive it.
class BusyHosts {
 public:
  void add(const dns::Target& target) { busy_.push_back(&target); }
  void failed(const dns::Target& target) { failed_.push_back(target.address); }

  // The first busy host that is worth waiting for; null: there is none. If a host at the same address has failed, it is not: of many sites
  // with several hosts at one address each would try again as soon as another one has failed, and none would back off.
  const dns::Target* worth_waiting_for() const {
    const auto found = std::find_if(busy_.begin(), busy_.end(), [this](const dns::Target* one) {
      return std::find(failed_.begin(), failed_.end(), one->address) == failed_.end();
    });
    return found == busy_.end() ? nullptr : *found;
  }

 private:
  std::vector<const dns::Target*> busy_;
  std::vector<dns::Address> failed_;
};

}  // namespace mxpress::mta::transport
