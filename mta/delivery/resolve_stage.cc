// Lookups, and the use of their results.
#include "mta/delivery/resolve_stage.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "mta/config/config.h"
#include "mta/delivery/age_policy.h"
#include "mta/delivery/backoff_key.h"
#include "mta/delivery/backoffs.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/ownership.h"
#include "mta/delivery/policy_hosts.h"
#include "mta/delivery/resolved.h"
#include "mta/delivery/site_outages.h"
#include "mta/delivery/site_owner.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/verdict.h"
#include "mta/delivery/wakes.h"
#include "mta/replies/rule_set.h"
#include "mta/routing/route.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "mta/transport/session_key.h"
#include "proto/malformed_recipient.h"
#include "queue/message_store.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

// Even if the TTL is longer: other name servers may be configured by then, and equal hosts take turns. The cache usually has the answer.
constexpr std::chrono::seconds kHoldAtMost = std::chrono::minutes(10);

// Without them mail for this host could loop.
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

// The key of the rate of the provider that one of the hosts belongs to; of several, of the one that the rules name first. Empty: none.
std::string limit_of_provider(const Config& config, const dns::Targets& found) {
  const replies::ProviderLimits* first = nullptr;
  for (const dns::Target& target : found.targets) {
    const auto* const limits = config.replies ? config.replies->limits_for(target.host) : nullptr;
    if (limits && !limits->rate.empty() && (!first || limits < first)) first = limits;
  }
  return first ? first->rate_key() : std::string();
}

}  // namespace

ResolveStage::ResolveStage(std::size_t worker, asio::io_context& io, Parts parts, Actions actions, Rules rules)
    : worker_(worker),
      io_(io),
      parts_(std::move(parts)),
      actions_(std::move(actions)),
      rules_(std::move(rules)),
      own_addresses_(parts_.own_addresses),
      lookups_(LookupLine::places_of_worker(parts.workers)) {}

void ResolveStage::begin(DestinationIndex index) {
  auto& destinations = parts_.destinations;
  if (destinations.begin(index) && destinations.name(index).is_local()) join_local(index);
}

// Each user is a site, unless another program takes all local mail. Until the configuration changes no lookup is needed.
void ResolveStage::join_local(DestinationIndex index) {
  const routing::DestinationRef name = parts_.destinations.name(index);
  const auto kind = name.is_mailbox()   ? routing::TransportKind::mailbox
                    : name.is_command() ? routing::TransportKind::command
                                        : routing::TransportKind::deliver;
  const SessionKey key{{transport::NextHop::Kind::mail_hosts, std::string(name.user())}, {kind}};
  const bool is_user = !name.is_mailbox() && !name.is_command();
  const bool is_by_lmtp = is_user && rules_.config->local.delivery().kind == LocalDelivery::Kind::lmtp;
  parts_.destinations[index].resolved_until = is_by_lmtp ? Instant::min() : Instant::max();
  if (is_by_lmtp) return;
  SiteClaim claim = name.is_mailbox() ? SiteClaim() : parts_.ownership.claim_site(key.text(), worker_);
  join_site(index, site_index(key, std::move(claim.restored)));
}

// One message to thousands of domains must not use up all descriptors, nor delay the mail of other users.
void ResolveStage::look_up(DestinationIndex index) {
  if (parts_.destinations[index].resolving && !lookups_.waits(index)) return;
  parts_.destinations[index].resolving = true;
  const queue::ReadyLines& ready = parts_.schedule.ready();
  const LastLookup last = parts_.destinations[index].backoff.active() ? LastLookup::failed : LastLookup::fine_or_unknown;
  const bool has_begun = ready.any_line(index, kFewOwners, [&](queue::LineIndex line) {
    const LookupLine::Lookup lookup{index, ready.owner(line), last};
    if (!lookups_.begin(lookup)) return false;
    begin_lookup(lookup);
    return true;
  });
  if (!has_begun) look_up_next();
}

void ResolveStage::look_up_next() {
  while (const auto next = lookups_.next()) begin_lookup(*next);
}

void ResolveStage::begin_lookup(const LookupLine::Lookup& lookup) {
  asio::co_spawn(io_, ask(lookup.destination, lookup.owner), [this, lookup](std::exception_ptr error) {
    log_bug("lookup of " + std::string(parts_.destinations.name(lookup.destination).text()), error);
    if (error) parts_.destinations[lookup.destination].resolving = false;
    lookups_.end(lookup);
    if (!stopping_) look_up_next();
  });
}

Task<void> ResolveStage::ask(DestinationIndex index, fairness::Owner owner) {
  const Rules rules = rules_;
  const proto::Domain domain = parts_.destinations.name(index).domain().value_or(rules.config->own_domain());
  routing::Route route = routing::route_for(*rules.config, parts_.destinations.name(index));
  dns::Targets found = co_await find_hosts(domain, owner, route, rules);
  parts_.destinations[index].resolving = false;
  if (stopping_) co_return;
  if (rules.config != rules_.config) co_return actions_.serve(index);  // found by rules that no longer apply: look it up again
  if (parts_.outages) parts_.outages->looked_up(index, route, owner, found);
  SessionKey key = transport::session_key(route, found);
  answered(index, std::make_shared<const Resolved>(Resolved{std::move(found), std::move(key), rules.config}));
  actions_.run_due();
}

// Changes what the route demands of TLS to the policy of the domain. The rules must outlive it.
Task<dns::Targets> ResolveStage::find_hosts(proto::Domain domain, fairness::Owner owner, routing::Route& route, const Rules& rules) {
  if (proto::is_malformed_recipient(domain)) co_return not_an_address();
  const auto own = own_addresses_.at(BootClock::now());
  if (!own) co_return own_addresses_unknown();
  dns::TargetRules wanted = target_rules(*rules.config, domain, route, own);
  wanted.owner = owner;
  PolicyHosts found =
      co_await find_policy_hosts(rules.resolver, {parts_.sts, owner}, *rules.config, std::move(domain), route, wanted, parts_.random);
  move_to_targets(found);
  route.tls = std::move(found.tls);
  if (route.is_direct()) route.limit = limit_of_provider(*rules.config, found.targets);
  co_return std::move(found.targets);
}

// If several jobs come with the same result, the first is enough.
bool ResolveStage::take_over(DestinationIndex index, const std::shared_ptr<const Resolved>& resolved) {
  const Destination& destination = parts_.destinations[index];
  if (!resolved || destination.resolving || destination.resolved_until > instant_now() || resolved->config != rules_.config) return false;
  answered(index, resolved);
  return true;
}

void ResolveStage::answered(DestinationIndex index, const std::shared_ptr<const Resolved>& resolved) {
  const dns::Targets& found = resolved->targets;
  Destination& destination = parts_.destinations[index];
  ++destination.answers;
  if (found.kind == dns::TargetsKind::failed_for_now) return failed(index, found);
  const routing::DestinationRef name = parts_.destinations.name(index);
  if (destination.backoff.active()) parts_.spool.record_site({BackoffKey::of_lookup(name).stored(), 0, {}, std::nullopt});
  destination.backoff.over();
  if (found.kind == dns::TargetsKind::failed_permanently) {
    proto::HostResult result{proto::Stage::lookup, "", "", "", found.status, 0, found.text, false};
    asio::co_spawn(io_, fail_all(index, destination.answers, std::move(result)),
                   [](std::exception_ptr error) { log_bug("failing a destination", error); });
    return;
  }
  SiteClaim claim = this->claim(index, resolved->key);
  if (claim.owner != worker_) {
    parts_.ownership.place_destination(name, claim.owner);
    return pass_on(index, resolved);
  }
  destination.targets = found.targets;
  const SiteIndex site = site_index(resolved->key, std::move(claim.restored));
  if (destination.is_outdated() && destination.site != site) keep_failures(destination);
  destination.resolved_until = instant_now() + std::min(found.ttl, kHoldAtMost);
  join_site(index, site);
  if (destination.probe_wanted) parts_.backoffs.probe_now(index);
  actions_.serve(index);
}

// Mail does not wait here for hosts that say nothing while another worker has places. Its jobs go there, so there must be some.
SiteClaim ResolveStage::claim(DestinationIndex index, const SessionKey& key) {
  const queue::ReadyLines& ready = parts_.schedule.ready();
  const bool is_new = parts_.destinations[index].site == queue::kNone && ready.next(index) != queue::kNone;
  const bool stays = !is_new || !actions_.has_place ||
                     ready.any_line(index, kFewOwners, [&](queue::LineIndex line) { return actions_.has_place(ready.owner(line)); });
  return stays ? parts_.ownership.claim_site(key.text(), worker_) : parts_.ownership.claim_elsewhere(key.text(), worker_);
}

// Moves ready jobs of a destination that another worker owns to that worker, with the result of its lookup.
void ResolveStage::pass_on(DestinationIndex index, const std::shared_ptr<const Resolved>& resolved) {
  const queue::ReadyLines& lines = parts_.schedule.ready();
  Destination& destination = parts_.destinations[index];
  for (JobIndex ready = lines.next(index); ready != queue::kNone; ready = lines.next(index)) {
    const queue::Job job = parts_.schedule.job(ready);
    const fairness::Owner owner = lines.owner(lines.line(index));
    parts_.schedule.remove(ready);
    parts_.ownership.move_job({job.message,
                               owner,
                               routing::DestinationName(parts_.destinations.name(index)),
                               job.accepted,
                               instant_now(),
                               false,
                               job.first_attempt,
                               job.delay_noticed,
                               job.is_one_of_many,
                               destination.probe_wanted,
                               {},
                               resolved});
  }
  destination.probe_wanted = false;
}

SiteIndex ResolveStage::site_index(const SessionKey& key, std::optional<queue::SiteRecord> restored) {
  const SiteIndex index = parts_.sites.index(key);
  if (restored) parts_.backoffs.restore_site(index, *restored);
  return index;
}

// New hosts of a domain are tried at once. If they fail, too, that counts as a further failure of the destination, since its hosts may
// change with each lookup. It does not count for the new site, which others may share.
void ResolveStage::keep_failures(Destination& destination) {
  const std::uint32_t failures = parts_.sites[destination.site].backoff.failures();
  destination.failures = static_cast<std::uint8_t>(std::min(std::max<std::uint32_t>(destination.failures, failures), 255u));
}

void ResolveStage::join_site(DestinationIndex index, SiteIndex site) {
  Destination& destination = parts_.destinations[index];
  const SiteIndex before = destination.site;
  if (before == site) return;
  if (before != queue::kNone) parts_.schedule.close(index);
  parts_.sites.join(index, site);
  if (before != queue::kNone) parts_.backoffs.forget_unused(before);
  Backoff& backoff = parts_.sites[site].backoff;
  backoff.probe_no_later_than(instant_now() + parts_.destinations.policy(index)->schedule.longest_wait_after(backoff.failures()));
}

// A missing answer never means "no such host": the destination waits, and one of its messages carries the record of the attempt.
void ResolveStage::failed(DestinationIndex index, const dns::Targets& found) {
  auto& destinations = parts_.destinations;
  Destination& destination = destinations[index];
  ++destination.answers;
  const Instant now = instant_now();
  proto::HostResult result{proto::Stage::lookup, "", "", "", found.status, 0, found.text, false};
  destination.backoff.failed(destinations.brief(result), now, *destinations.policy(index), parts_.random);
  parts_.spool.record_site({BackoffKey::of_lookup(destinations.name(index)).stored(), destination.backoff.failures(),
                            to_wall(destination.backoff.next_probe()), result});
  if (auto job = parts_.schedule.lease(index)) actions_.conclude({*job, proto::Outcome::deferred, {std::move(result)}});
  parts_.age.expire_waiting(index, now);
  parts_.wakes.wake_destination(index, destination.backoff.next_probe());
}

// Fails jobs until there is another result. `answer`: the number of the result at the start; by the time it runs the index may belong to
// another destination, whose number differs.
Task<void> ResolveStage::fail_all(DestinationIndex index, std::uint16_t answer, proto::HostResult result) {
  while (!stopping_ && answer == parts_.destinations[index].answers) {
    const auto job = parts_.schedule.lease(index);
    if (!job) co_return;
    if (parts_.schedule.job(*job).is_one_of_many)
      actions_.conclude({*job, proto::Outcome::failed, {result}});
    else
      co_await actions_.conclude_in_turn({*job, proto::Outcome::failed, {result}});
  }
  actions_.serve(index);
}

void ResolveStage::reconfigured(Rules rules) {
  rules_ = std::move(rules);
  own_addresses_.ask_again();
  parts_.backoffs.login_changed(std::nullopt);  // the administrator may have corrected the password, here or at the provider
  for (DestinationIndex index = 0; index < parts_.destinations.size(); ++index) {
    Destination& destination = parts_.destinations[index];
    if (destination.is_known && parts_.destinations.name(index).is_local())
      join_local(index);
    else
      destination.resolved_until = Instant::min();
    ++destination.answers;
    destination.backoff.over();  // its cause may have been the old configuration
    destination.failures = 0;
    parts_.wakes.wake_destination(index, instant_now());
  }
}

}  // namespace mxpress::mta::delivery
