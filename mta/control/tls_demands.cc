// Looks the mail hosts of a domain up, and what is demanded of them.
#include "mta/control/tls_demands.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <random>
#include <utility>

#include "dns/authentication.h"
#include "mta/check/lookups.h"
#include "mta/config/config.h"
#include "mta/delivery/policy_hosts.h"
#include "mta/delivery/target_rules.h"
#include "mta/net/dane.h"
#include "mta/routing/route.h"

namespace mxpress::mta::control {
namespace {

constexpr std::chrono::minutes kPatience(1);

void add(std::vector<HostDemand>& hosts, const dns::Target& target, const net::TlsPolicy& usual) {
  auto known = std::find_if(hosts.begin(), hosts.end(), [&](const HostDemand& one) { return one.host == target.host; });
  if (known == hosts.end()) known = hosts.insert(hosts.end(), {target.host, {}, net::policy_for(target, usual), target.tlsa.kind});
  known->addresses.push_back(target.address_text());
}

// For people; empty: answers are authenticated, as far as they are signed.
std::string doubt_about(const dns::Authentication& state) { return state.is_on() ? std::string() : "DANE is off: " + state.text; }

Task<TlsDemands> find_as_daemon(const Config& config, const check::OwnLookups& lookups, proto::Domain domain) {
  co_await lookups.tested();
  auto own = lookups.own_addresses().value_or(std::set<dns::Address>());
  TlsDemands demands = co_await find_tls_demands(config, lookups.resolver(), &lookups.sts(), std::move(domain), std::move(own));
  const auto is_insecure = [](const HostDemand& host) { return host.tlsa == dns::HostTlsa::Kind::mx_insecure; };
  if (std::any_of(demands.hosts.begin(), demands.hosts.end(), is_insecure)) demands.note = doubt_about(lookups.authentication());
  co_return demands;
}

}  // namespace

Task<TlsDemands> find_tls_demands(const Config& config, std::shared_ptr<dns::Resolver> resolver, sts::Lookup* lookup, proto::Domain domain,
                                  std::set<dns::Address> own) {
  if (config.is_local(domain)) co_return TlsDemands{"this host", "mail for " + domain.text() + " stays on this host"};
  routing::Route route = routing::route_for(config, domain);
  route.failure.clear();  // a password that only the daemon may read changes nothing of it
  const auto addresses = std::make_shared<const std::set<dns::Address>>(std::move(own));
  const dns::TargetRules rules = delivery::target_rules(config, domain, route, addresses);
  std::mt19937_64 random(1);
  TlsDemands demands{route.source.empty() ? "the DNS" : route.source};
  const delivery::PolicyHosts hosts =
      co_await delivery::find_policy_hosts(resolver, {lookup}, config, std::move(domain), route, rules, random);
  const dns::Targets& found = hosts.targets;
  demands.sts = hosts.sts;
  if (found.kind != dns::TargetsKind::found) demands.failure = found.text;
  for (const dns::Target& target : found.targets) add(demands.hosts, target, hosts.tls);
  co_return demands;
}

TlsDemands find_tls_demands(const Config& config, const proto::Domain& domain) {
  asio::io_context io;
  const check::OwnLookups lookups(io, config);
  TlsDemands demands{"the DNS", "the name service did not answer in time"};
  asio::co_spawn(io, find_as_daemon(config, lookups, domain), [&](std::exception_ptr error, TlsDemands found) {
    if (error) std::rethrow_exception(error);
    demands = std::move(found);
    io.stop();
  });
  io.run_for(kPatience);
  if (!lookups.kept_failure().empty() && demands.sts)
    demands.note += (demands.note.empty() ? "" : "; ") + ("the policies that the daemon keeps: " + lookups.kept_failure());
  return demands;
}

}  // namespace mxpress::mta::control
