// One job from lease to settlement.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <exception>

#include "mta/delivery/destination.h"
#include "mta/delivery/event_of.h"
#include "mta/delivery/worker.h"
#include "mta/host/log.h"

namespace mxpress::mta::delivery {
namespace {

constexpr Duration kAfterReadError = std::chrono::minutes(5);  // or a bug

}  // namespace

void Worker::spawn(Task<void> task) {
  asio::co_spawn(services_.io, std::move(task), [](std::exception_ptr error) { log_bug("delivery", error); });
}

// A bug that one job meets costs this attempt, not the job: it is tried again later.
void Worker::spawn_for(JobIndex index, Task<void> task) {
  const queue::QueueId id = schedule_.job(index).message;
  const std::uint32_t slot = services_.handled ? services_.handled->begin(id) : host::CrashRecord::kNoSlot;
  asio::co_spawn(services_.io, std::move(task), [this, index, id, slot](std::exception_ptr error) {
    if (services_.handled) services_.handled->end(slot);
    if (!error) return;
    log_bug("delivery of " + id.to_string(), error);
    const queue::Job& job = schedule_.job(index);
    if (job.message == id && job.stage == queue::JobStage::leased) wait_after_trouble(index);
  });
}

// Nothing could be tried. The age is not looked at before the wait is over: a job past its lifetime would be due at once, again and again.
void Worker::wait_after_trouble(JobIndex index) {
  look_again(index, instant_now() + kAfterReadError);
  run_due();
}

// A leased job that nothing has been tried of. What the operator asked for meanwhile happens now.
void Worker::look_again(JobIndex index, Instant when) {
  const queue::Job& job = schedule_.job(index);
  if (job.withdrawn) return schedule_.remove(index);
  if (job.hold_wanted)
    schedule_.hold(index);
  else
    schedule_.wait_until(index, when);
  age_.arrange(index, when);
}

// What comes of mail is logged, so nothing more comes of mail whose owner has too many lines waiting: others' mail goes on.
bool Worker::has_log_room(JobIndex index) const {
  const LogRoom& room = log_rooms().outcomes;
  return room.is_calm() || room.has_room(owner_of(schedule_.job(index).message));
}

// The job waits without a place, and nothing of its message is held.
void Worker::wait_for_room(JobIndex index) {
  schedule_.job(index).retry_wanted = false;  // it is tried again soon
  look_again(index, room_pause_.next(instant_now()));
  arm();
}

// The mail hosts take no more connections of this owner's mail at the moment: nothing was tried. All of it waits at this site as one.
void Worker::wait_for_host(JobIndex job, DestinationIndex destination, SiteIndex site, const host::Owner& owner,
                           const proto::HostResult& why) {
  const Instant now = instant_now();
  destinations_[destination].last = destinations_.brief(why);
  busy_.begin(site, owner, sites_[site].active, now, busy_pause_.next(now));
  put_back(job);
}

// A connection is kept for mail of this owner at this site. False: none of its mail has begun.
bool Worker::use_room(SiteIndex site, const host::Owner& owner) {
  busy_.end(site, owner);
  const std::uint32_t before = sites_[site].active;
  serve_site(site);
  arm();
  return sites_[site].active > before;
}

void Worker::start(JobIndex job, DestinationIndex destination, SiteIndex site, const host::Owner& owner) {
  ++sites_[site].active;
  ++active_;
  const Places::Place place{sites_[site].standing(), owner};
  places_of(sites_[site]).take(place);
  shares_.begin(site, owner);
  spawn_for(job, deliver_job(job, destination, site, place));
}

bool Worker::wanted(JobIndex index) const {
  const queue::Job& job = schedule_.job(index);
  return !job.withdrawn && !job.hold_wanted;
}

transport::Order Worker::order_for(JobIndex job, DestinationIndex destination, SiteIndex site, const host::Owner& owner,
                                   Share::MessagePtr message) {
  transport::Order order;
  order.config = services_.config.get();
  order.message = std::move(message);
  order.recipients = pending_recipients(*order.message, destinations_.name(destination), *order.config);
  order.targets = destinations_[destination].targets.get();
  order.site = site;
  order.owner = owner;
  order.most_connections = session_limit(destination, *order.config);
  order.terms = sites_[site].terms;
  order.wanted = [this, job] { return wanted(job); };
  order.trying = [this, job](const dns::Target& target) { flights_.ask(job, target); };
  return order;
}

Task<void> Worker::deliver_job(JobIndex job, DestinationIndex destination, SiteIndex site, Places::Place place) {
  std::exception_ptr bug;
  Share share;
  AttemptReport report;
  LoadBudget::Charge charge;
  const Instant begin = instant_now();
  flights_.begin(job, begin);
  try {
    share = co_await loader_.load(job, destination, Need::content);
    if (share && destinations_[destination].site != site) {
      put_back(job);
      share = Share();
    }
    if (share && !take_room(job, *share, charge)) {
      wait_for_room(job);
      share = Share();
    }
    if (share) {
      transport::Order order = order_for(job, destination, site, place.owner, share.message());
      report = co_await transport_of(sites_[site]).deliver(order);
    }
  } catch (...) {
    bug = std::current_exception();
  }
  flights_.end(job);
  --sites_[site].active;
  --active_;
  places_of(sites_[site]).give_back(place);
  shares_.end(site, place.owner);
  try {
    if (report.is_busy)
      wait_for_host(job, destination, site, place.owner, report.trouble);
    else if (share && !bug)
      finish(job, destination, site, std::move(share), std::move(report), instant_now() - begin);
  } catch (...) {
    bug = std::current_exception();
  }
  serve_after(site);
  run_due();
  if (bug) std::rethrow_exception(bug);
}

// Nothing was tried. What the operator asked for meanwhile happens now.
void Worker::put_back(JobIndex index) {
  queue::Job& job = schedule_.job(index);
  if (job.withdrawn) return schedule_.remove(index);
  job.retry_wanted = false;  // it is ready, which is what the operator wanted
  if (job.hold_wanted)
    schedule_.hold(index);
  else
    schedule_.make_ready(index);
  age_.arrange(index, instant_now());
}

void Worker::finish(JobIndex job, DestinationIndex destination, SiteIndex site, Share share, AttemptReport report, Duration took) {
  if (report.site_trouble && !backoffs_.counts_against_site(site, *share, report)) {
    report.site_trouble = false;
    destinations_[destination].last = destinations_.brief(report.trouble);
  } else {
    site_answered(destination, site, report, took);
  }
  std::optional<WallTime> next_try;
  if (report.site_trouble) next_try = to_wall(sites_[site].trouble.next_probe());
  settle(job, destination, std::move(share), std::move(report), next_try);
}

// What the attempt says about the site: trouble makes it back off, an answer opens its window.
void Worker::site_answered(DestinationIndex destination, SiteIndex site, const AttemptReport& report, Duration took) {
  for (const proto::RecipientResult& result : report.results)
    if (result.outcome == proto::Outcome::delivered)
      destinations_[destination].last = std::nullopt;
    else if (result.outcome != proto::Outcome::untried && !report.site_trouble)
      destinations_[destination].last = destinations_.brief(result.last);
  if (!report.site_trouble) return backoffs_.succeeded(site, session_limit(destination), took);
  backoffs_.failed(destination, site, report.trouble);
  serve_other_user(site);
}

// A delivery may take an hour. What it holds of many recipients is bounded in all; the others are bounded by their number. One counts for
// no more than a quarter, so that those of one owner need not wait for each other. By the job's `room`: 1 for a list of up to twice
// kManyRecipients, and so on, doubled.
std::uint64_t Worker::octets_of_room(std::uint8_t room) {
  if (room == 0) return 0;
  return std::min<std::uint64_t>((transport::kManyRecipients << room) * Loads::kRecipient, Loads::kLongDeliveries / 4);
}

// Whether its delivery may begin: as far as is known before the message is read.
bool Worker::has_room(JobIndex index) const {
  const std::uint8_t room = schedule_.job(index).room;
  if (room > 0 && services_.loads.long_deliveries.would_wait(octets_of_room(room), owner_of(schedule_.job(index).message))) return false;
  return has_log_room(index);
}

// False: the delivery may not begin now.
bool Worker::take_room(JobIndex index, const queue::Message& message, LoadBudget::Charge& charge) {
  queue::Job& job = schedule_.job(index);
  job.room = 0;
  while (job.room < queue::Job::kMostRoom && message.recipients.size() > transport::kManyRecipients << job.room) ++job.room;
  if (job.room == 0) return true;
  auto taken = services_.loads.long_deliveries.try_acquire(octets_of_room(job.room), message.envelope.submitter.share_owner());
  if (taken) charge = std::move(*taken);
  return taken.has_value();
}

// Thousands of jobs of one message may be concluded at about the same time: they form a line, and only one of them is at work.
void Worker::conclude_soon(Conclusion conclusion) {
  if (!schedule_.job(conclusion.job).is_one_of_many) return spawn(conclude_or_wait(std::move(conclusion)));
  const queue::QueueId id = schedule_.job(conclusion.job).message;
  const auto [line, is_new] = conclusions_.try_emplace(id);
  line->second.push_back(std::move(conclusion));
  if (is_new) spawn(conclude_line(id));
}

Task<void> Worker::conclude_line(queue::QueueId message) {
  for (auto& line = conclusions_[message]; !line.empty(); line.pop_front()) co_await conclude_or_wait(std::move(line.front()));
  conclusions_.erase(message);
}

// A bug costs this attempt, not the job.
Task<void> Worker::conclude_or_wait(Conclusion conclusion) {
  const JobIndex index = conclusion.job;
  const queue::QueueId id = schedule_.job(index).message;
  const host::Handled handled(services_.handled, id);
  try {
    co_await conclude_job(std::move(conclusion));
  } catch (...) {
    log_bug("the conclusion of " + id.to_string(), std::current_exception());
    const queue::Job& job = schedule_.job(index);
    if (job.message == id && job.stage == queue::JobStage::leased) wait_after_trouble(index);
  }
}

Task<void> Worker::conclude_job(Conclusion conclusion) {
  auto& [job, outcome, failure] = conclusion;
  if (!has_log_room(job)) co_return wait_for_room(job);
  const DestinationIndex destination = schedule_.job(job).destination;
  Share share = co_await loader_.load(job, destination, Need::envelope);
  if (!share) co_return;
  auto recipients = pending_recipients(*share, destinations_.name(destination), *services_.config.get());
  if (!log_rooms().outcomes.has_room(share->envelope.submitter.share_owner(), octets_of_lines(*share, recipients, failure)))
    co_return wait_for_room(job);
  auto report = report_of_waiting(*share, std::move(recipients), outcome, failure, Clock::current().wall());
  std::optional<WallTime> next_try;
  if (const Trouble* trouble = sites_.trouble_of(destination)) next_try = to_wall(trouble->next_probe());
  settle(job, destination, std::move(share), std::move(report), next_try);
}

// Makes the verdict durable and lets the job go, wait, or come back. A job is never leased again before its outcome is durable: the
// spool, not the memory of a worker, says who still waits for the message. Nothing of the message is held until then.
void Worker::settle(JobIndex index, DestinationIndex destination, Share share, AttemptReport report, std::optional<WallTime> next_try) {
  const host::HandlingNow now(share->id);  // without a wait: a fault here is this message's
  const bool waits_for_site = report.site_trouble;
  const Duration age = instant_now() - Instant(schedule_.job(index).accepted);
  auto settled = std::make_shared<Settled>();
  settled->verdict = conclude(*share, std::move(report), *destinations_.policy(destination), age, next_try, random_);
  settled->attempted = event_of(*share, settled->verdict);
  settled->waits_for_site = waits_for_site;
  queue::Settlement settlement = std::exchange(settled->verdict.settlement, {});
  share.translate(settlement);
  std::vector<queue::Settlement::Change> changes;
  if (share.is_part()) changes = settlement.changes;
  // The spool may be later than the end of this worker, but not than that of its loop, which takes nothing then.
  auto done = [this, index, settled, work = asio::make_work_guard(services_.io)](const Status& status) {
    asio::post(work.get_executor(), [this, index, settled, status] { recorded(index, *settled, status); });
  };
  note_outcome(index, settled->verdict);
  services_.spool.settle(std::move(settlement), std::move(done));
  const queue::QueueId id = settled->attempted.message;
  share.is_part() ? services_.loads.shared.settled(id, changes) : services_.loads.shared.forget(id);
}

// For those who look meanwhile: what has been delivered is not in flight.
void Worker::note_outcome(JobIndex index, const Verdict& verdict) {
  queue::Job& job = schedule_.job(index);
  job.is_recorded = true;
  job.is_over = !verdict.open && !verdict.notice_owed;
  job.next_try = instant_now() + std::max(verdict.next_try - Clock::current().wall(), Duration(0));
}

void Worker::recorded(JobIndex index, Settled& settled, const Status& status) try {
  const queue::QueueId id = settled.attempted.message;
  if (status)
    services_.events.emit(std::move(settled.attempted));
  else
    services_.events.emit(events::Unrecorded{settled.attempted, status.error().message});
  if (settled.verdict.notice_owed) services_.notices.owed(id);
  give_back(index, settled.verdict, settled.waits_for_site);
  run_due();
} catch (...) {
  log_bug("the outcome of " + settled.attempted.message.to_string(), std::current_exception());
}

void Worker::give_back(JobIndex index, const Verdict& verdict, bool waits_for_site) {
  queue::Job& job = schedule_.job(index);
  if (!verdict.open || job.withdrawn) return schedule_.remove(index);
  const Instant now = instant_now();
  const Instant next_try = std::max(now, job.next_try);  // see note_outcome(): the wall clock may have been stepped since
  job.is_recorded = job.is_over = false;
  job.first_attempt = false;
  if (job.hold_wanted) {
    schedule_.hold(index);
  } else if (job.retry_wanted) {
    job.retry_wanted = false;
    schedule_.make_ready(index);
  } else if (waits_for_site) {
    schedule_.make_ready(index);  // behind the others: each is the probe in its turn
  } else {
    schedule_.wait_until(index, next_try);
  }
  age_.arrange(index, now);
}

}  // namespace mxpress::mta::delivery
