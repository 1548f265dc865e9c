// Looks the mail hosts of a domain up, and what is demanded of them.
#include "mta/control/tls_demands.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <random>
#include <utility>

#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "mta/delivery/next_hops.h"
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

// The root is signed: a name server that validates has authenticated its own answer about it.
Task<std::string> doubt_about(dns::Resolver& resolver) {
  dns::Question question{"", dns::RecordType::ns};
  const dns::Answer root = co_await resolver.resolve(std::move(question));
  if (root.kind == dns::AnswerKind::failed) co_return "whether the name server validates DNSSEC could not be found out: " + root.text;
  if (root.authenticated) co_return std::string();
  co_return root.server + " does not validate DNSSEC, or is not trusted for it: see [dns] trusted in mxpress.toml(5)";
}

}  // namespace

Task<TlsDemands> find_tls_demands(const Config& config, dns::Resolver& resolver, proto::Domain domain, std::set<dns::Address> own) {
  if (config.is_local(domain)) co_return TlsDemands{"this host", "mail for " + domain.text() + " stays on this host"};
  routing::Route route = routing::route_for(config, domain);
  route.failure.clear();  // a password that only the daemon may read changes nothing of it
  const auto addresses = std::make_shared<const std::set<dns::Address>>(std::move(own));
  const dns::TargetRules rules = delivery::target_rules(config, domain, route, addresses);
  std::mt19937_64 random(1);
  TlsDemands demands{route.source.empty() ? "the DNS" : route.source};
  const net::TlsPolicy usual = route.tls;
  const dns::Targets found = co_await delivery::find_next_hops(resolver, std::move(domain), std::move(route), rules, random);
  if (found.kind != dns::TargetsKind::found) demands.failure = found.text;
  for (const dns::Target& target : found.targets) add(demands.hosts, target, usual);
  const auto is_insecure = [](const HostDemand& host) { return host.tlsa == dns::HostTlsa::Kind::mx_insecure; };
  if (std::any_of(demands.hosts.begin(), demands.hosts.end(), is_insecure)) demands.note = co_await doubt_about(resolver);
  co_return demands;
}

TlsDemands find_tls_demands(const Config& config, const proto::Domain& domain) {
  asio::io_context io;
  dns::StubResolver resolver(io.get_executor(), config::stub_config(config), 1);
  delivery::OwnAddresses interfaces;
  const auto own = interfaces.at(BootClock::now());
  TlsDemands demands{"the DNS", "the name service did not answer in time"};
  asio::co_spawn(io, find_tls_demands(config, resolver, domain, own ? *own : std::set<dns::Address>()),
                 [&](std::exception_ptr error, TlsDemands found) {
                   if (error) std::rethrow_exception(error);
                   demands = std::move(found);
                   io.stop();
                 });
  io.run_for(kPatience);
  return demands;
}

}  // namespace mxpress::mta::control
