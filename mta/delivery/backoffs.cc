// Starts and ends backoffs.
#include "mta/delivery/backoffs.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "mta/auth/current_login.h"
#include "mta/delivery/age_policy.h"
#include "mta/delivery/backoff_key.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/site_owner.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/wakes.h"
#include "mta/events/hub.h"
#include "mta/replies/rule_set.h"
#include "mta/system/instant.h"
#include "mta/transport/report.h"
#include "mta/transport/session_key.h"
#include "queue/message_store.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

constexpr int kFewLooks = 8;                                   // jobs to look at
constexpr Duration kRounding = std::chrono::milliseconds(10);  // between the clocks

// Valid as long as the site keeps its terms.
std::string_view login_of(const Site& site) { return site.terms->login ? std::string_view(site.terms->login->name()) : std::string_view(); }

}  // namespace

void Backoffs::restore(const queue::SiteRecord& record) {
  const auto key = BackoffKey::of_record(record.site);
  if (key.is_lookup()) return parts_.destinations.restore_lookup(key.name(), record);
  if (const auto site = parts_.sites.find(record.site)) restore_site(*site, record);
}

void Backoffs::restore_site(SiteIndex index, const queue::SiteRecord& record) {
  Site& site = parts_.sites[index];
  if (site.has_answered && !site.backoff.active())  // this run knows something newer that has not been recorded
    return parts_.spool.record_site({record.site, 0, {}, std::nullopt});
  // However long the wait is, a destination that joins the site waits no longer than its own schedule allows.
  const Duration wait = std::max(record.next_probe - Clock::current().wall(), Duration(0));
  site.restore(record.failures, instant_now() + wait, record.last);
}

// A failure after MAIL counts against the message if no other message has had it.
bool Backoffs::counts_against_site(DestinationIndex destination, SiteIndex index, const queue::Message& message,
                                   const AttemptReport& report) {
  Site& site = parts_.sites[index];
  if (site.terms->login && proto::refuses_login(report.failure)) parts_.events.emit(events::LoginRefused{login_of(site)});
  if (!report.after_mail) {
    site.suspicion.clear();
    return true;
  }
  const auto backoff = site.backoff.active() ? Suspicion::Backoff::active : Suspicion::Backoff::none;
  const std::size_t where = report.is_of_provider ? Suspicion::kAnywhere : parts_.destinations.number(destination);
  const Suspicion::Pair pair{message.envelope.submitter.share_owner(), where};
  if (site.suspicion.met(message.id, pair, *report.after_mail, backoff) != Suspicion::Counts::message) return true;
  site.backoff.probe_now(instant_now());
  return false;
}

// Its hosts have changed, and the new ones failed again: the hosts of the next lookup are tried only when its own schedule allows.
void Backoffs::wait_with_lookup(DestinationIndex index, const proto::HostResult& failure) {
  Destination& destination = parts_.destinations[index];
  if (destination.failures == 0) return;
  destination.backoff.restore(destination.failures, {}, std::nullopt);
  destination.backoff.failed(parts_.destinations.brief(failure), instant_now(), *parts_.destinations.policy(index), parts_.random);
  destination.failures = static_cast<std::uint8_t>(std::min(destination.backoff.failures(), 255u));
  parts_.spool.record_site({BackoffKey::of_lookup(parts_.destinations.name(index)).stored(), destination.backoff.failures(),
                            to_wall(destination.backoff.next_probe()), failure});
}

void Backoffs::end_lookup_wait(DestinationIndex index) {
  Destination& destination = parts_.destinations[index];
  if (std::exchange(destination.failures, 0) == 0 || !destination.backoff.active()) return;
  destination.backoff.over();
  parts_.spool.record_site({BackoffKey::of_lookup(parts_.destinations.name(index)).stored(), 0, {}, std::nullopt});
}

void Backoffs::failed(DestinationIndex destination, SiteIndex index, const proto::HostResult& failure, Instant began, Backoff::Pace pace) {
  auto& [schedule, destinations, sites, wakes, age, spool, events, random] = parts_;
  Site& site = sites[index];
  const Instant now = instant_now();
  site.window = 1;
  site.proven = false;
  if (site.backoff.active() && began < site.backoff.probe_time(true)) return;
  wait_with_lookup(destination, failure);
  if (site.backoff.active() && !pace.is_own_fault) pace.wait.reset();
  site.backoff.failed(destinations.brief(failure), now, *destinations.policy(destination), random, pace);
  const WallTime next_probe = to_wall(site.backoff.next_probe());
  // The next run would not know whose mail the host refuses, and must not delay that of others.
  if (!site.suspicion.is_of_owners()) spool.record_site({sites.key(index), site.backoff.failures(), next_probe, failure});
  const SiteFailure why = *site.backoff.failure();
  events.emit(mta::events::SiteFailed{transport::hosts_of(sites.key(index)), proto::for_other_messages(why.result, why.since),
                                      site.backoff.failures(), next_probe});
  sites.for_each_member(index, [&age = age, now](DestinationIndex member) { age.expire_waiting(member, now); });
  wakes.wake_site(index, site.backoff.next_probe());
}

void Backoffs::tell_own_fault(SiteIndex index, const replies::Rule& rule, const AttemptReport& report) const {
  const auto& results = report.results;
  const auto refused = std::find_if(results.begin(), results.end(), [](const auto& one) { return one.last.reply_code / 100 == 5; });
  if (refused == results.end()) return;
  parts_.events.emit(events::OwnFault{transport::hosts_of(parts_.sites.key(index)), proto::for_other_messages(refused->last, std::nullopt),
                                      replies::to_string(rule.kind), rule.cause, rule.who, rule.todo, rule.link});
}

void Backoffs::succeeded(DestinationIndex destination, SiteIndex index, std::size_t limit, Duration took) {
  Site& site = parts_.sites[index];
  end_lookup_wait(destination);
  if (site.backoff.active()) {
    parts_.spool.record_site({parts_.sites.key(index), 0, {}, std::nullopt});
    parts_.events.emit(events::SiteRecovered{transport::hosts_of(parts_.sites.key(index)), login_of(site)});
  }
  site.succeeded(limit, took);
  site.fault_is_told = false;
}

void Backoffs::forget_unused(SiteIndex index) {
  Site& site = parts_.sites[index];
  if (!site.members.empty() || !site.backoff.active()) return;
  site.backoff.over();
  parts_.spool.record_site({parts_.sites.key(index), 0, {}, std::nullopt});
}

void Backoffs::probe_now(DestinationIndex index) {
  Destination& destination = parts_.destinations[index];
  const Instant now = instant_now();
  if (destination.backoff.active()) destination.backoff.probe_now(now);
  parts_.wakes.wake_destination(index, now);
  destination.probe_wanted = destination.site == queue::kNone;
  if (destination.probe_wanted || !parts_.sites[destination.site].backoff.active()) return;
  parts_.sites[destination.site].backoff.probe_now(now);
  parts_.wakes.wake_site(destination.site, now);
}

void Backoffs::login_changed(std::optional<std::string_view> name) {
  ask_sites([&](SiteIndex index) {
    const std::string_view login = login_of(parts_.sites[index]);
    return !login.empty() && login == name.value_or(login);
  });
}

// The messages that were probes wait until the next probe, so they are made due, too. Others that wait longer have other reasons.
void Backoffs::ask_sites(const std::function<bool(SiteIndex)>& is_meant) {
  const Instant now = instant_now();
  std::map<SiteIndex, Instant> waited_for;
  for (SiteIndex index = 0; index < parts_.sites.size(); ++index) {
    Site& site = parts_.sites[index];
    if (!site.backoff.active() || !is_meant(index)) continue;
    waited_for.emplace(index, site.backoff.next_probe() + kRounding);
    site.backoff.probe_now(now);
    parts_.wakes.wake_site(index, now);
  }
  if (waited_for.empty()) return;
  make_due([&](const queue::Job& job) {
    const auto site = waited_for.find(parts_.destinations[job.destination].site);
    return site != waited_for.end() && job.next_try <= site->second;
  });
}

void Backoffs::ask_lookups() {
  const Instant now = instant_now();
  bool any = false;
  for (DestinationIndex index = 0; index < parts_.destinations.size(); ++index) {
    Destination& destination = parts_.destinations[index];
    if (!destination.is_known || !destination.backoff.active()) continue;
    any = true;
    destination.backoff.probe_now(now);
    parts_.wakes.wake_destination(index, now);
  }
  if (any) make_due([&](const queue::Job& job) { return parts_.destinations[job.destination].backoff.active(); });
}

void Backoffs::make_due(const std::function<bool(const queue::Job&)>& is_meant) {
  std::vector<JobIndex> due;
  parts_.schedule.for_each([&](JobIndex index, const queue::Job& job) {
    if (job.stage == queue::JobStage::waiting && is_meant(job)) due.push_back(index);
  });
  for (const JobIndex index : due) parts_.schedule.make_ready(index);
}

// Behind the newest mail of an owner there may be mail that was tried.
bool Backoffs::has_fresh(DestinationIndex index, const Backoff& backoff) const {
  if (!backoff.active()) return false;
  const queue::Schedule& schedule = parts_.schedule;
  const queue::ReadyLines& ready = schedule.ready();
  return ready.any_line(index, kFewOwners, [&](queue::LineIndex line) {
    JobIndex newest = ready.newest(line);
    for (int looks = 0; looks < kFewLooks && newest != queue::kNone && !schedule.job(newest).first_attempt; ++looks)
      newest = ready.before(newest);
    return newest != queue::kNone && schedule.job(newest).first_attempt && Instant(schedule.job(newest).accepted) > backoff.last_time();
  });
}

}  // namespace mxpress::mta::delivery
