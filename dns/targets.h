// The mail hosts of a domain in the order to try them. RFC 5321 5.1, RFC 7505.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "dns/async.h"
#include "dns/resolver.h"
#include "dns/target.h"
#include "proto/domain.h"
#include "proto/status.h"

namespace mxpress::dns {

// Facts about this host for find_targets().
struct TargetRules {
  std::string own_name;  // our host name: MX of equal or higher preference are dropped (RFC 5321 5.1)
  std::function<bool(const Address&, std::uint16_t port)> is_own;  // one of our own listening addresses: never used
  std::function<bool(const Address&)> may_deliver_to;  // false: loopback, unspecified, multicast, link-local, own; unless allowed
  AddressFamily family = AddressFamily::any;
  std::uint16_t port = 25;
  std::size_t max_addresses = 5;  // families interleaved before the cut
  std::size_t max_lookups = 30;   // questions for one domain
  // False: mail may go to this host only if it has TLSA records, so it takes no place of another one. Empty: all may be used.
  std::function<bool(const std::string& host)> may_be_used{};
  proto::ShareOwner owner{};  // of the mail: see Resolver::resolve_validated()
  bool wants_tlsa = false;    // TLSA records of hosts are looked up where the answers that led to them are authenticated
};

enum class TargetsKind { found, failed_permanently, failed_for_now };

struct Targets {
  TargetsKind kind = TargetsKind::failed_for_now;
  std::vector<Target> targets;   // in the order to try
  proto::EnhancedStatus status;  // why it failed: 5.1.10 null MX, 5.1.2 no such domain or no address, 5.4.6 loop, 4.4.3 lookup failed
  std::string text;              // the reason for people, naming the DNS server and its answer
  std::chrono::seconds ttl{0};   // lifetime of this result; at least 1 s and at most a day
  // Identifies the set of mail hosts, if found: equal for all domains with the same hosts, order of preferences, and port.
  // "mx1.example.org,mx2.example.org>backup.example.net:25"
  std::string site;
};

// `domain` may be an address literal (RFC 5321 4.1.3). Equal preferences are shuffled by `random`. A host's IPv4 and IPv6 addresses
// alternate, IPv4 first; a preferred host comes completely before the next one, except that a second host always gets a place. Empty
// functions in `rules` allow everything. `resolver`, `rules` and `random` must outlive the coroutine.
Task<Targets> find_targets(Resolver& resolver, proto::Domain domain, const TargetRules& rules, std::mt19937_64& random);

// A route "host:port" fixed by configuration: no MX lookup, only the addresses of the host, which may also be an address, with or without
// brackets. `rules.may_deliver_to` is not called, because the administrator chose it: a filter on loopback can be a route.
Task<Targets> find_route_targets(Resolver& resolver, std::string host, std::uint16_t port, const TargetRules& rules,
                                 std::mt19937_64& random);

}  // namespace mxpress::dns
