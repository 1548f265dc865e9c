// One job from lease to settlement.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>

#include "mta/delivery/attempt_log.h"
#include "mta/delivery/blocking.h"
#include "mta/delivery/destination.h"
#include "mta/delivery/local_mailbox.h"
#include "mta/delivery/worker.h"
#include "mta/host/log.h"
#include "mta/spool_async.h"
#include "queue/at_hand.h"

namespace mxpress::mta::delivery {
namespace {

constexpr Duration kAfterReadError = std::chrono::minutes(5);  // or a bug
// The jobs of a message with many share what was read, for a while.
constexpr std::size_t kManyJobs = 10;
constexpr std::size_t kMaxSnapshots = 4;
constexpr Duration kSnapshotLife = std::chrono::seconds(60);
const proto::EnhancedStatus kDamaged{5, 3, 0};
const proto::EnhancedStatus kMailboxTrouble{4, 2, 0};
const proto::EnhancedStatus kStoredLocally{2, 1, 5};

std::pair<Result<queue::Message>, Status> load_envelope(queue::Spool& spool, queue::QueueId id) {
  const host::HandlingNow now(id);
  auto message = spool.load(id);
  if (message) message->content.reset();
  return {std::move(message), {}};
}

// The message, and whether its content is what it was.
std::pair<Result<queue::Message>, Status> load_checked(queue::Spool& spool, queue::QueueId id) {
  const host::HandlingNow now(id);
  auto message = spool.load(id);
  if (!message || !message->content) return {std::move(message), {}};
  auto content = queue::checked(message->content);
  if (!content) return {std::move(message), content.error()};
  message->content = std::move(*content);
  return {std::move(message), {}};
}

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

void Worker::wait_after_trouble(JobIndex index) {
  schedule_.wait_until(index, instant_now() + kAfterReadError);
  schedule_age_event(index, instant_now());
  run_due();
}

void Worker::start(JobIndex job, DestinationIndex destination, SiteIndex site) {
  ++sites_[site].active;
  ++active_;
  const Standing standing = sites_[site].standing();
  ++active_of_[static_cast<std::size_t>(standing)];
  spawn_for(job, deliver_job(job, destination, site, standing));
}

bool Worker::wanted(JobIndex index) const {
  const queue::Job& job = schedule_.job(index);
  return !job.withdrawn && !job.hold_wanted;
}

void Worker::trying(JobIndex job, const dns::Target& target) { underway_[job].target = target; }

DeliveryOrder Worker::order_for(JobIndex job, DestinationIndex destination, MessagePtr message) {
  const auto config = services_.config.get();
  DeliveryOrder order;
  order.message = std::move(message);
  order.recipients = pending_recipients(*order.message, schedule_.name(destination), *config);
  order.targets = destinations_[destination].targets.get();
  prefer_last_target(order.targets, *order.message, order.recipients);
  order.options.hello_name = config->hostname;
  order.options.timeouts = config->timeouts;
  order.options.tls = config->delivery.tls ? smtp::TlsUse::opportunistic : smtp::TlsUse::never;
  order.options.max_recipients = config->delivery.max_recipients;
  order.wanted = [this, job] { return wanted(job); };
  order.trying = [this, job](const dns::Target& target) { trying(job, target); };
  order.connecting = [this] { make_room(); };
  return order;
}

Task<void> Worker::deliver_job(JobIndex job, DestinationIndex destination, SiteIndex site, Standing standing) {
  std::exception_ptr bug;
  MessagePtr message;
  AttemptReport report;
  const Instant begin = instant_now();
  underway_[job] = {begin, std::nullopt};
  try {
    message = co_await load(job, destination, Need::content);
    if (message) {
      DeliveryOrder order = order_for(job, destination, message);
      report = co_await deliver({services_.connector, tls_memory_, services_.file_pool}, sites_[site], order);
    }
  } catch (...) {
    bug = std::current_exception();
  }
  underway_.erase(job);
  --sites_[site].active;
  --active_;
  if (!sites_[site].idle.empty()) idle_checks_.push_back({instant_now(), site});
  --active_of_[static_cast<std::size_t>(standing)];
  if (message && !bug) finish(job, destination, site, std::move(message), std::move(report), instant_now() - begin);
  serve_after(site);
  run_due();
  if (bug) std::rethrow_exception(bug);
}

void Worker::finish(JobIndex job, DestinationIndex destination, SiteIndex site, MessagePtr message, AttemptReport report, Duration took) {
  site_answered(destination, site, report, took);
  std::optional<WallTime> next_try;
  if (report.site_trouble) next_try = to_wall(sites_[site].trouble.next_probe());
  spawn_for(job, settle(job, destination, std::move(message), std::move(report), next_try));
}

// What the attempt says about the site: trouble cools it down, an answer opens its window.
void Worker::site_answered(DestinationIndex destination, SiteIndex index, const AttemptReport& report, Duration took) {
  Site& site = sites_[index];
  for (const proto::RecipientResult& result : report.results)
    if (result.outcome == proto::Outcome::delivered)
      destinations_[destination].last = std::nullopt;
    else if (result.outcome != proto::Outcome::untried && !report.site_trouble)
      destinations_[destination].last = result.last;
  if (!report.site_trouble) {
    if (site.trouble.active()) services_.spool.record_site({key_of(index), 0, {}, std::nullopt});
    return site.succeeded(session_limit(destination), took);
  }
  const Instant now = instant_now();
  site.window = 1;
  site.proven = false;
  site.trouble.failed(report.trouble, now, policy_of(destination), random_);
  services_.spool.record_site({key_of(index), site.trouble.failures(), to_wall(site.trouble.next_probe()), report.trouble});
  log_site_trouble(key_of(index), report.trouble, site.trouble.failures(), to_wall(site.trouble.next_probe()));
  for (DestinationIndex member = site.members.front(); member != Chain::kEnd; member = destinations_[member].next_member)
    expire_waiting(member, now);
  wake_at(site.trouble.next_probe(), true, index);
}

// The message of a job, with recipients that are still pending at its destination. Null: the job is dealt with.
Task<Worker::MessagePtr> Worker::load(JobIndex index, DestinationIndex destination, Need need) {
  if (MessagePtr fresh = services_.spool.fresh(schedule_.job(index).message); fresh && has_pending(*fresh, destination)) co_return fresh;
  if (MessagePtr snapshot = snapshot_of(index); snapshot && has_pending(*snapshot, destination)) co_return snapshot;
  MessagePtr message = co_await read(index, destination, need);
  if (!message || has_pending(*message, destination)) co_return message;
  co_await asio::post(services_.io, use_task);  // whoever takes the next job afterwards must not do so in one stack
  schedule_.remove(index);
  if (!message->ended) services_.ownership.readmit(*message);  // as it is now: what an older one calls pending may have been delivered
  co_return nullptr;
}

bool Worker::has_pending(const queue::Message& message, DestinationIndex destination) const {
  return !message.ended && !pending_recipients(message, schedule_.name(destination), *services_.config.get()).empty();
}

Worker::MessagePtr Worker::snapshot_of(JobIndex index) {
  const Instant now = instant_now();
  while (!snapshots_.empty() && snapshots_.front().loaded + kSnapshotLife <= now) snapshots_.pop_front();
  const queue::Job& job = schedule_.job(index);
  for (const Snapshot& snapshot : snapshots_)
    if (snapshot.message->id == job.message && is_after(snapshot.number, job.seen_read, kept_reads_)) return snapshot.message;
  return nullptr;
}

void Worker::keep_snapshot(Snapshot snapshot) {
  if (snapshots_.size() == kMaxSnapshots) snapshots_.pop_front();
  snapshots_.push_back(std::move(snapshot));
}

// Reads the message and checks its content. What cannot be read is tried again; what is damaged has failed.
Task<Worker::MessagePtr> Worker::read(JobIndex index, DestinationIndex destination, Need need) {
  const queue::QueueId id = schedule_.job(index).message;
  const bool is_shared = need == Need::content && schedule_.has_jobs_of(id, kManyJobs);
  Snapshot snapshot{nullptr, instant_now(), is_shared ? ++kept_reads_ : 0};
  if (auto at_hand = need == Need::content ? services_.spool.load_at_hand(id) : std::nullopt) {
    snapshot.message = std::make_shared<const queue::Message>(std::move(*at_hand));
    if (is_shared) keep_snapshot(snapshot);
    co_return snapshot.message;
  }
  auto call = [&spool = services_.spool, id, need] { return need == Need::content ? load_checked(spool, id) : load_envelope(spool, id); };
  auto [result, content] = co_await run_blocking(services_.file_pool, std::move(call));
  if (!result) {
    log(LogLine(Priority::error, id, "unreadable").add("reason", result.error().message));
    if (result.error().is_transient()) {
      wait_after_trouble(index);
    } else {
      schedule_.remove(index);
    }
    co_return nullptr;
  }
  auto message = std::make_shared<const queue::Message>(std::move(*result));
  if (content) {
    snapshot.message = message;
    if (is_shared) keep_snapshot(std::move(snapshot));
    co_return message;
  }
  const bool transient = content.error().is_transient();
  proto::HostResult damage{proto::Stage::local, "", "", "", kDamaged, 0, content.error().message, false};
  if (transient) damage.status.klass = 4;
  auto recipients = pending_recipients(*message, schedule_.name(destination), *services_.config.get());
  auto report = report_without_host(std::move(recipients), transient ? proto::Outcome::deferred : proto::Outcome::failed, std::move(damage),
                                    Clock::current().wall());
  co_await settle(index, destination, std::move(message), std::move(report), std::nullopt);
  co_return nullptr;
}

Task<void> Worker::conclude_job(JobIndex job, proto::Outcome outcome, proto::HostResult result) {
  const DestinationIndex destination = schedule_.job(job).destination;
  auto message = co_await load(job, destination, Need::envelope);
  if (!message) co_return;
  auto recipients = pending_recipients(*message, schedule_.name(destination), *services_.config.get());
  auto report = report_without_host(std::move(recipients), outcome, std::move(result), Clock::current().wall());
  std::optional<WallTime> next_try;
  if (const Trouble* trouble = trouble_of(destination)) next_try = to_wall(trouble->next_probe());
  co_await settle(job, destination, std::move(message), std::move(report), next_try);
}

void Worker::serve_locally(DestinationIndex index) {
  while (local_ < kMaxLocal && schedule_.has_ready(index)) {
    ++local_;
    const JobIndex job = *schedule_.lease(index);
    spawn_for(job, deliver_locally(job, index));
  }
}

Task<void> Worker::deliver_locally(JobIndex job, DestinationIndex destination) {
  std::exception_ptr bug;
  try {
    co_await put_into_mailbox(job, destination);
  } catch (...) {
    bug = std::current_exception();
  }
  --local_;
  serve(destination);
  if (bug) std::rethrow_exception(bug);
}

Task<void> Worker::put_into_mailbox(JobIndex job, DestinationIndex destination) {
  auto message = co_await load(job, destination, Need::content);
  if (!message) co_return;
  const auto config = services_.config.get();
  const auto recipients = pending_recipients(*message, schedule_.name(destination), *config);
  const std::string to = message->envelope.recipients[recipients.front()].mailbox.to_string();
  auto write = [&message, &config, &to] {
    const host::HandlingNow now(message->id);
    return deliver_to_mailbox(config->mailbox_directory(), config->local.mailbox_limit, *message, to);
  };
  const Status status = co_await run_blocking(services_.file_pool, std::move(write));
  proto::HostResult result{proto::Stage::local, "", "", "", kStoredLocally, 0, "kept in this host's mailbox", false};
  if (!status) {
    result.status = kMailboxTrouble;
    result.text = status.error().message;
  }
  auto report = report_without_host(recipients, status ? proto::Outcome::delivered : proto::Outcome::deferred, std::move(result),
                                    Clock::current().wall());
  report.site_trouble = false;
  report.dsn_passed_on = true;
  co_await settle(job, destination, std::move(message), std::move(report), std::nullopt);
}

// Without a wait: a fault here is this message's.
Verdict Worker::judge(const queue::Message& message, AttemptReport report, const queue::RetryPolicy& policy, Duration age,
                      std::optional<WallTime> next_try) {
  const host::HandlingNow now(message.id);
  Verdict verdict = conclude(message, std::move(report), policy, age, next_try, random_);
  log_attempt(message, verdict);
  return verdict;
}

// Makes the verdict durable and lets the job go, wait, or come back. A job is never leased again before its outcome is durable: the
// spool, not the memory of a worker, says who still waits for the message.
Task<void> Worker::settle(JobIndex index, DestinationIndex destination, MessagePtr message, AttemptReport report,
                          std::optional<WallTime> next_try) {
  const bool waits_for_site = report.site_trouble;
  const Duration age = instant_now() - Instant(schedule_.job(index).accepted);
  Verdict verdict = judge(*message, std::move(report), policy_of(destination), age, next_try);
  const Status recorded = co_await mta::settle(services_.spool, verdict.settlement);
  if (!recorded) log(LogLine(Priority::error, message->id, "unrecorded").add("reason", recorded.error().message));
  if (verdict.notice_owed) services_.notices.owed(message->id);
  give_back(index, verdict, waits_for_site);
  run_due();
}

void Worker::give_back(JobIndex index, const Verdict& verdict, bool waits_for_site) {
  queue::Job& job = schedule_.job(index);
  if (!verdict.open || job.withdrawn) return schedule_.remove(index);
  const Instant now = instant_now();
  const Duration wait = verdict.next_try - Clock::current().wall();
  job.first_attempt = false;
  job.seen_read = static_cast<SeenRead>(kept_reads_);
  if (job.hold_wanted) {
    schedule_.hold(index);
  } else if (job.retry_wanted) {
    job.retry_wanted = false;
    schedule_.make_ready(index);
  } else if (waits_for_site) {
    schedule_.make_ready_first(index);
  } else {
    schedule_.wait_until(index, now + std::max(wait, Duration(0)));
  }
  schedule_age_event(index, now);
}

}  // namespace mxpress::mta::delivery
