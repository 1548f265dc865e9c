// Finds the targets of a route.
#include "mta/delivery/next_hops.h"

#include <algorithm>
#include <utility>

#include "mta/system/log.h"
#include "proto/site_key.h"

namespace mxpress::mta::delivery {
namespace {

using dns::Targets;
using dns::TargetsKind;
using routing::Route;

constexpr int kAddress = 1;  // RFC 3463 3.2: X.1.X
constexpr std::chrono::seconds kUntilReload = std::chrono::minutes(5);

Targets cannot_be_used(const proto::Domain& domain, proto::EnhancedStatus status, std::string why, std::chrono::seconds ttl) {
  Targets none;
  none.kind = TargetsKind::failed_for_now;
  none.status = status;
  none.text = std::move(why);
  none.ttl = ttl;
  log(LogLine(Priority::warning, "route").add("destination", domain.text()).add("reason", none.text));
  return none;
}

// Failures are transient: the administrator has named the host.
Targets not_for_good(Targets found, const proto::Domain& domain, const Route& route, const std::string& name) {
  if (found.kind != TargetsKind::failed_permanently) return found;
  std::string why = "The host of " + route.source + ", " + name + ", ";
  why += found.status.subject == kAddress ? "has no address" : "cannot be used: " + found.text;
  return cannot_be_used(domain, {4, 4, 3}, std::move(why), found.ttl);
}

// Appends hosts after the previous ones: with a preference of their own.
void append(Targets& all, Targets more, std::uint16_t place) {
  for (dns::Target& target : more.targets) {
    target.preference = place;
    all.targets.push_back(std::move(target));
  }
  all.ttl = std::min(all.ttl, more.ttl);
}

// A Unix socket needs no lookup.
Targets at_socket(const std::string& path) {
  Targets found;
  found.kind = TargetsKind::found;
  found.targets.push_back({path, {}, 0});
  found.ttl = kUntilReload;
  found.site = path;
  return found;
}

Task<Targets> find_hosts(dns::Resolver& resolver, const proto::Domain& domain, const Route& route, const dns::TargetRules& rules,
                         std::mt19937_64& random) {
  std::optional<Targets> all, failed;
  std::string site;
  std::uint16_t place = 0;
  for (const HostPort& host : route.next_hops.hosts) {
    const std::uint16_t port = host.port != 0 ? host.port : route.port;
    Targets found = co_await dns::find_route_targets(resolver, host.host, port, rules, random);
    site += (site.empty() ? "" : ">") + found.site;
    if (found.kind != TargetsKind::found) {
      if (!failed) failed = not_for_good(std::move(found), domain, route, host.host);
      continue;
    }
    if (all)
      append(*all, std::move(found), ++place);
    else
      all = std::move(found);
  }
  if (!all) co_return std::move(*failed);
  if (failed) all->ttl = std::min(all->ttl, std::max(failed->ttl, std::chrono::seconds(1)));
  all->site = proto::short_site_key(std::move(site));
  co_return std::move(*all);
}

}  // namespace

Task<Targets> find_next_hops(dns::Resolver& resolver, proto::Domain domain, Route route, const dns::TargetRules& rules,
                             std::mt19937_64& random) {
  if (!route.failure.empty()) co_return cannot_be_used(domain, {4, 3, 5}, route.failure, kUntilReload);
  if (route.is_at_unix_socket()) co_return at_socket(route.next_hops.hosts.front().host);
  if (!route.next_hops.hosts.empty()) co_return co_await find_hosts(resolver, domain, route, rules, random);
  if (!route.next_hops.mail_hosts_of) co_return co_await dns::find_targets(resolver, std::move(domain), rules, random);
  const proto::Domain other = *route.next_hops.mail_hosts_of;
  Targets found = co_await dns::find_targets(resolver, other, rules, random);
  co_return not_for_good(std::move(found), domain, route, other.text());
}

}  // namespace mxpress::mta::delivery
