// Finds the addresses that this host may deliver to.
#include "mta/delivery/target_rules.h"

#include <ifaddrs.h>

#include <algorithm>
#include <utility>

#include "dns/ip_address.h"
#include "mta/config/config.h"
#include "mta/config/endpoint.h"
#include "mta/routing/route.h"

namespace mxpress::mta::delivery {
namespace {

bool cut_by_kind(const dns::Address& address) {
  return dns::is_loopback(address) || dns::is_unspecified(address) || dns::is_multicast(address) || dns::is_link_local(address);
}

}  // namespace

std::optional<std::set<dns::Address>> addresses_of_interfaces() {
  std::set<dns::Address> result;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
  for (const ifaddrs* entry = list; entry; entry = entry->ifa_next)
    if (const auto address = dns::from_system(entry->ifa_addr)) result.insert(*address);
  return result;
}

std::shared_ptr<const std::set<dns::Address>> OwnAddresses::at(BootTime now) {
  if (known_ && now < asked_ + kHold) return known_;
  if (auto found = query_()) {
    known_ = std::make_shared<const std::set<dns::Address>>(std::move(*found));
    asked_ = now;
  }
  return known_;
}

std::function<bool(const dns::Address&)> deliverable(const Config& config, std::shared_ptr<const std::set<dns::Address>> own) {
  return [allowed = config.delivery.allow_addresses, own = std::move(own)](const dns::Address& address) {
    const bool is_allowed = std::any_of(allowed.begin(), allowed.end(), [&](const auto& network) { return network.contains(address); });
    return is_allowed || (!cut_by_kind(address) && !own->contains(address));
  };
}

dns::TargetRules target_rules(const Config& config, const proto::Domain& domain, const routing::Route& route,
                              std::shared_ptr<const std::set<dns::Address>> own) {
  dns::TargetRules rules;
  rules.own_name = config.hostname;
  rules.family = config.address_family_for(domain);
  if (route.from_address) rules.family = route.from_address->is_v6 ? dns::AddressFamily::ipv6 : dns::AddressFamily::ipv4;
  rules.port = route.port;
  rules.wants_tlsa = config.delivery.dane && route.heeds_dns_policies() && route.tls.kind() == net::TlsPolicy::Kind::may;
  std::set<std::pair<dns::Address, std::uint16_t>> listeners;
  for (const auto& text : config.listen.smtp)
    if (const auto listener = config::parse_endpoint(text)) listeners.insert({listener->address, listener->port});
  rules.is_own = [listeners, own](const dns::Address& address, std::uint16_t port) {
    return std::any_of(listeners.begin(), listeners.end(), [&](const auto& listener) {
      const bool same = listener.first == address || (dns::is_unspecified(listener.first) && own->contains(address));
      return same && listener.second == port;
    });
  };
  rules.may_deliver_to = deliverable(config, own);
  return rules;
}

}  // namespace mxpress::mta::delivery
