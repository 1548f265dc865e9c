// From a destination to its site: asks the DNS (or the configured route) for the mail hosts.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "mta/delivery/attempt_log.h"
#include "mta/delivery/backoff_key.h"
#include "mta/delivery/worker.h"
#include "mta/host/log.h"
#include "mta/routing/route.h"
#include "proto/malformed_recipient.h"

namespace mxpress::mta::delivery {
namespace {

constexpr std::size_t kFewOwners = 64;  // who have mail for one destination
constexpr int kAddress = 1;             // RFC 3463 3.2: X.1.X
// However long the records hold: other name servers may be the ones to ask by then, and equal hosts take turns. The cache mostly knows.
constexpr std::chrono::seconds kHoldAtMost = std::chrono::minutes(10);

// A host that the administrator has named and that has no address is a mistake of this side: no mail is returned for it.
dns::Targets not_for_good(dns::Targets found, const proto::Domain& domain, const HostPort& route) {
  if (found.kind != dns::TargetsKind::failed_permanently || found.status.subject != kAddress) return found;
  found.kind = dns::TargetsKind::failed_for_now;
  found.status = {4, 4, 3};
  found.text = "The host of [destination.\"" + domain.text() + "\"] route, " + route.host + ", has no address";
  log(LogLine(Priority::warning, "route").add("destination", domain.text()).add("reason", found.text));
  return found;
}

// Without them mail for this host could go round in it.
dns::Targets own_addresses_unknown() {
  dns::Targets none;
  none.kind = dns::TargetsKind::failed_for_now;
  none.status = {4, 4, 3};
  none.text = "The system did not tell the addresses of this host";
  return none;
}

// RFC 3463 3.2: X.1.3. The text names it; the DNS is not asked.
dns::Targets not_an_address() {
  dns::Targets none;
  none.kind = dns::TargetsKind::failed_permanently;
  none.status = {5, 1, 3};
  none.text = "The recipient is not a mail address";
  return none;
}

}  // namespace

// One message to thousands of domains must not take all descriptors, nor keep the mail of other users waiting.
void Worker::start_resolving(DestinationIndex index) {
  destinations_[index].resolving = true;
  const queue::ReadyLines& ready = schedule_.ready();
  const bool has_begun = ready.any_line(index, kFewOwners, [&](queue::LineIndex line) {
    const host::Owner owner = ready.owner(line);
    if (!lookups_.begin(index, owner)) return false;
    resolve_for(owner, index);
    return true;
  });
  if (!has_begun) resolve_next();
}

void Worker::resolve_next() {
  while (const auto next = lookups_.next()) resolve_for(next->owner, next->item);
}

void Worker::resolve_for(const host::Owner& owner, DestinationIndex index) {
  asio::co_spawn(services_.io, resolve(index), [this, owner, index](std::exception_ptr error) {
    log_bug("lookup of " + std::string(destinations_.name(index).text()), error);
    if (error) destinations_[index].resolving = false;
    lookups_.end(owner);
    if (!stopping_) resolve_next();
  });
}

Task<void> Worker::resolve(DestinationIndex index) {
  const auto config = lookup_config_;
  const auto resolver = resolver_;
  const proto::Domain domain = *destinations_.name(index).domain();
  dns::Targets found = co_await find_hosts(domain, *config, *resolver);
  destinations_[index].resolving = false;
  if (stopping_) co_return;
  if (config != lookup_config_) co_return serve(index);  // found by rules that no longer apply: it is looked up again
  SessionKey key = transport::session_key(routing::route_for(*config, domain), found.site);
  resolved(index, std::make_shared<const Resolved>(Resolved{std::move(found), std::move(key), config}));
  run_due();
}

// The configuration and the resolver outlive it.
Task<dns::Targets> Worker::find_hosts(proto::Domain domain, const Config& config, dns::Resolver& resolver) {
  if (proto::is_malformed_recipient(domain)) co_return not_an_address();
  const auto own = own_addresses_.at(BootClock::now());
  if (!own) co_return own_addresses_unknown();
  const dns::TargetRules rules = target_rules(config, domain, own);
  const auto next_hop = routing::route_for(config, domain).next_hop;
  if (!next_hop) co_return co_await dns::find_targets(resolver, domain, rules, random_);
  co_return not_for_good(co_await dns::find_route_targets(resolver, next_hop->host, next_hop->port, rules, random_), domain, *next_hop);
}

void Worker::resolved(DestinationIndex index, const std::shared_ptr<const Resolved>& resolved) {
  const dns::Targets& found = resolved->targets;
  ++destinations_[index].answers;
  if (found.kind == dns::TargetsKind::failed_for_now) return lookup_failed(index, found);
  Destination& destination = destinations_[index];
  if (destination.trouble.active())
    services_.spool.record_site({BackoffKey::of_lookup(destinations_.name(index)).stored(), 0, {}, std::nullopt});
  destination.trouble.over();
  if (found.kind == dns::TargetsKind::failed_permanently) {
    proto::HostResult result{proto::Stage::lookup, "", "", "", found.status, 0, found.text, false};
    return spawn(fail_all(index, destination.answers, std::move(result)));
  }
  SiteClaim claim = services_.ownership.claim_site(resolved->key.text(), index_);
  if (claim.owner != index_) {
    services_.ownership.place_destination(destinations_.name(index), claim.owner);
    return pass_on(index, resolved);
  }
  destination.targets = found.targets;
  destination.resolved_until = instant_now() + std::min(found.ttl, kHoldAtMost);
  join_site(index, site_index(resolved->key, std::move(claim.restored)));
  if (destination.probe_wanted) backoffs_.probe_now(index);
  serve(index);
}

void Worker::join_site(DestinationIndex index, SiteIndex site) {
  Destination& destination = destinations_[index];
  if (destination.site == site) return;
  if (destination.site != queue::kNone) schedule_.close(index);
  sites_.join(index, site);
  Trouble& trouble = sites_[site].trouble;
  trouble.probe_no_later_than(instant_now() + destinations_.policy(index)->schedule.longest_wait_after(trouble.failures()));
}

// No answer is never "no such host": the destination waits, and one of its messages carries the record of the attempt.
void Worker::lookup_failed(DestinationIndex index, const dns::Targets& found) {
  Destination& destination = destinations_[index];
  ++destination.answers;
  const Instant now = instant_now();
  proto::HostResult result{proto::Stage::lookup, "", "", "", found.status, 0, found.text, false};
  destination.trouble.failed(destinations_.brief(result), now, *destinations_.policy(index), random_);
  services_.spool.record_site({BackoffKey::of_lookup(destinations_.name(index)).stored(), destination.trouble.failures(),
                               to_wall(destination.trouble.next_probe()), result});
  if (auto job = schedule_.lease(index)) conclude_soon({*job, proto::Outcome::deferred, {std::move(result)}});
  age_.expire_waiting(index, now);
  wakes_.wake_destination(index, destination.trouble.next_probe());
}

// Until something else is known. `answer`: the number of the answer when this was started; by the time it runs the index may stand for
// another destination, whose number differs.
Task<void> Worker::fail_all(DestinationIndex index, std::uint16_t answer, proto::HostResult result) {
  while (answer == destinations_[index].answers) {
    const auto job = schedule_.lease(index);
    if (!job) co_return;
    if (schedule_.job(*job).is_one_of_many)
      conclude_soon({*job, proto::Outcome::failed, {result}});
    else
      co_await conclude_or_wait({*job, proto::Outcome::failed, {result}});
  }
  serve(index);
}

}  // namespace mxpress::mta::delivery
