// Ends leases.
#include "mta/delivery/leases.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "mta/delivery/age_policy.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/event_of.h"
#include "mta/delivery/loads.h"
#include "mta/delivery/notices.h"
#include "mta/delivery/verdict.h"
#include "mta/events/hub.h"
#include "mta/system/crash_record.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "mta/transport/report.h"
#include "queue/message_store.h"
#include "queue/retry.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

constexpr Duration kAfterFailure = std::chrono::minutes(5);

}  // namespace

struct Leases::Settled {
  Verdict verdict;  // without the settlement, which the spool has
  events::Attempted attempted;
  bool waits_for_site = false;
};

Duration Leases::age(JobIndex index) const {
  const queue::Job& job = parts_.schedule.job(index);
  const Instant now = instant_now();
  return now - Instant(job.accepted) - parts_.age.paused(job, now);
}

void Leases::settle(JobIndex index, DestinationIndex destination, Share share, AttemptReport report, std::optional<WallTime> next_try) {
  const system::HandlingNow now(share->id);  // no waits here: a crash is due to this message
  const bool waits_for_site = report.site_failed;
  auto settled = std::make_shared<Settled>();  // shared: std::function must be copyable
  settled->verdict = conclude(*share, std::move(report), *parts_.destinations.policy(destination), age(index), next_try, parts_.random);
  settled->attempted = event_of(*share, settled->verdict, parts_.destinations.rules().get());
  settled->waits_for_site = waits_for_site;
  queue::Settlement settlement = std::exchange(settled->verdict.settlement, {});
  share.translate(settlement);
  queue::Settlement of_share{settlement.message, {}, {}};
  if (share.is_part()) of_share.changes = settlement.changes;
  // The spool may call back after the end of this worker, but not after that of its loop, which then takes nothing.
  auto done = [this, index, settled, work = asio::make_work_guard(parts_.io)](const Status& status) {
    asio::post(work.get_executor(), [this, index, settled, status] { recorded(index, *settled, status); });
  };
  note_outcome(index, settled->verdict);
  ++unrecorded_;
  parts_.spool.settle(std::move(settlement), std::move(done));
  const queue::QueueId id = settled->attempted.message;
  share.is_part() ? parts_.loads.shared.settled(of_share) : parts_.loads.shared.forget(id);
}

// For operators: delivered recipients are not in flight.
void Leases::note_outcome(JobIndex index, const Verdict& verdict) {
  queue::Job& job = parts_.schedule.job(index);
  job.is_recorded = true;
  job.is_over = !verdict.open && !verdict.notice_pending;
  job.next_try = instant_now() + std::max(verdict.next_try - Clock::current().wall(), Duration(0));
}

void Leases::recorded(JobIndex index, Settled& settled, const Status& status) try {
  --unrecorded_;
  const queue::QueueId id = settled.attempted.message;
  if (status)
    parts_.events.emit(std::move(settled.attempted));
  else
    parts_.events.emit(events::Unrecorded{settled.attempted, status.error().message});
  if (settled.verdict.notice_pending) parts_.notices.add(id);
  end(index, settled.verdict, settled.waits_for_site);
  actions_.run_due();
} catch (...) {
  log_bug("the outcome of " + settled.attempted.message.to_string(), std::current_exception());
}

// The job is removed, waits, or becomes ready again.
void Leases::end(JobIndex index, const Verdict& verdict, bool waits_for_site) {
  queue::Schedule& schedule = parts_.schedule;
  queue::Job& job = schedule.job(index);
  if (!verdict.open || job.withdrawn) return schedule.remove(index);
  const Instant now = instant_now();
  const Instant next_try = std::max(now, job.next_try);  // see note_outcome(): the wall clock may have been stepped since
  job.is_recorded = job.is_over = false;
  job.first_attempt = false;
  if (job.hold_wanted) {
    schedule.hold(index);
  } else if (job.retry_wanted) {
    job.retry_wanted = false;
    schedule.make_ready(index);
  } else if (waits_for_site) {
    schedule.make_ready(index);  // behind the others, so that each is the probe in turn
  } else {
    schedule.wait_until(index, next_try);
  }
  parts_.age.arrange(index, now);
}

void Leases::requeue(JobIndex index) {
  queue::Job& job = parts_.schedule.job(index);
  if (job.withdrawn) return parts_.schedule.remove(index);
  job.retry_wanted = false;  // it is ready, as the operator wanted
  if (job.hold_wanted)
    parts_.schedule.hold(index);
  else
    parts_.schedule.make_ready(index);
  parts_.age.arrange(index, instant_now());
}

// The age is not checked before the wait is over: otherwise a job past its lifetime would be due at once, repeatedly.
void Leases::wait_after_failure(JobIndex index) {
  wait_until(index, instant_now() + kAfterFailure);
  actions_.run_due();
}

// Meanwhile the job has no place, and holds no memory for its message.
void Leases::wait_for_room(JobIndex index) {
  parts_.schedule.job(index).retry_wanted = false;  // it is tried again soon
  wait_until(index, room_pause_.next(instant_now()));
  actions_.arm();
}

void Leases::wait_until(JobIndex index, Instant when) {
  const queue::Job& job = parts_.schedule.job(index);
  if (job.withdrawn) return parts_.schedule.remove(index);
  if (job.hold_wanted)
    parts_.schedule.hold(index);
  else
    parts_.schedule.wait_until(index, when);
  parts_.age.arrange(index, when);
}

}  // namespace mxpress::mta::delivery
