// Finds hosts and policy, and brings them together.
#include "mta/delivery/policy_hosts.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

#include "mta/config/config.h"
#include "mta/delivery/next_hops.h"
#include "mta/routing/route.h"
#include "mta/sts/lookup.h"

namespace mxpress::mta::delivery {
namespace {

bool wants_policy(const Config& config, const routing::Route& route, const proto::Domain& domain) {
  return config.delivery.mta_sts && route.heeds_dns_policies() && route.tls.kind() == net::TlsPolicy::Kind::may &&
         !domain.is_address_literal();
}

// RFC 8461 4.1, 5: mail goes to no other host while the policy is enforced.
bool must_leave_hosts_out(const net::TlsPolicy& policy, const dns::Targets& found) {
  if (!policy.is_published_sts() || policy.is_testing()) return false;
  return std::any_of(found.targets.begin(), found.targets.end(), [&](const auto& target) { return !policy.allows_host(target.host); });
}

// The hosts are looked up again when the policy ends.
void end_with(const sts::Finding& sts, dns::Targets& found) {
  constexpr std::chrono::seconds kShortest(10);
  if (!sts.policy) return;
  const auto left = std::chrono::ceil<std::chrono::seconds>(sts.policy->end() - Clock::current().wall());
  found.ttl = std::min(found.ttl, std::max(left, kShortest));
}

}  // namespace

http_client::Reach policy_reach(const Config& config, std::function<bool(const dns::Address&)> may_deliver_to) {
  http_client::Reach reach{.allowed = config.delivery.allow_addresses};
  if (!may_deliver_to) return reach;
  reach.is_own = [may = std::move(may_deliver_to)](const dns::Address& address) { return !may(address); };
  return reach;
}

// The second time the answers come from the cache. It asks for further hosts, in whose place hosts have stood that the policy does not
// list.
Task<PolicyHosts> find_policy_hosts(std::shared_ptr<dns::Resolver> resolver, PolicyFinder finder, const Config& config,
                                    proto::Domain domain, const routing::Route& route, const dns::TargetRules& rules,
                                    std::mt19937_64& random) {
  using namespace asio::experimental::awaitable_operators;
  if (!finder.lookup || !wants_policy(config, route, domain))
    co_return PolicyHosts{co_await find_next_hops(*resolver, std::move(domain), route, rules, random), route.tls};
  auto [found, sts] = co_await (find_next_hops(*resolver, domain, route, rules, random) &&
                                finder.lookup->find(domain, finder.owner, resolver, policy_reach(config, rules.may_deliver_to)));
  net::TlsPolicy policy = sts::demand_by(sts, route.tls);
  if (must_leave_hosts_out(policy, found)) {
    dns::TargetRules listed = rules;
    listed.may_be_used = [policy](const std::string& host) { return policy.allows_host(host); };
    found = co_await find_next_hops(*resolver, std::move(domain), route, listed, random);
  }
  end_with(sts, found);
  co_return PolicyHosts{std::move(found), std::move(policy), std::move(sts)};
}

void move_to_targets(PolicyHosts& hosts) {
  if (!hosts.tls.is_published_sts()) return;
  for (dns::Target& target : hosts.targets.targets) target.is_unlisted = !hosts.tls.allows_host(target.host);
  hosts.tls = net::TlsPolicy::sts_of_listed(hosts.tls.is_testing() ? net::StsMode::testing : net::StsMode::enforce);
}

}  // namespace mxpress::mta::delivery
