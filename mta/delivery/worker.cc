// What a worker serves next: due jobs, sites with room, and what has to wake up later.
#include "mta/delivery/worker.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

#include "mta/delivery/destination.h"
#include "mta/host/log.h"

namespace mxpress::mta::delivery {
namespace {

constexpr int kFewLooks = 8;            // at jobs
constexpr std::size_t kFewOwners = 64;  // whose mail is looked at
constexpr Duration kWatchInterval = std::chrono::minutes(1);
}  // namespace

Worker::Worker(std::size_t index, WorkerServices services, std::shared_ptr<dns::Resolver> resolver, std::uint64_t seed)
    : index_(index),
      services_(services),
      lookup_config_(services.config.get()),
      resolver_(std::move(resolver)),
      random_(seed),
      timer_(services.io),
      watchdog_(services.io),
      schedule_([this](queue::QueueId message) { return owner_of(message); }),
      forget_at_(services.many_destinations) {
  asio::post(services_.io, [this] { watch(); });
}

void Worker::add(const NewJob& new_job) {
  if (schedule_.known_destinations() >= forget_at_) forget_unused();
  const DestinationIndex index = schedule_.destination(new_job.destination.text());
  if (new_job.probe_wanted) destination(index).probe_wanted = true;
  destination(index);
  if (schedule_.find(new_job.message, index)) return;
  queue::Job job;
  job.message = new_job.message;
  job.destination = index;
  job.accepted = new_job.accepted;
  job.next_try = new_job.next_try;
  job.first_attempt = new_job.first_attempt;
  job.delay_noticed = new_job.delay_noticed;
  job.is_one_of_many = new_job.is_one_of_many;
  const Instant now = instant_now();
  if (new_job.next_try <= now) job.stage = queue::JobStage::ready;
  if (new_job.held) job.stage = queue::JobStage::held;
  schedule_age_event(schedule_.add(job, new_job.owner), now);
  if (is_news(index, new_job.located))
    located(index, new_job.located);
  else if (new_job.probe_wanted && destinations_[index].located_until > now)
    probe_now(index);
  run_due();
}

void Worker::run_due() {
  const Instant now = instant_now();
  for (JobIndex job : schedule_.advance(now)) look_at_age(job, now);
  serve_woken(now);
  arm();
}

void Worker::serve_woken(Instant now) {
  for (; !wakes_.empty() && wakes_.top().when <= now;) {
    const Wake wake = wakes_.top();
    wakes_.pop();
    Instant& awaited = next_wake(wake.is_site, wake.index);
    if (awaited == wake.when) awaited = Instant::max();
    if (wake.is_site) {
      serve_site(wake.index);
    } else {
      serve(wake.index);
    }
  }
  for (auto woken = schedule_.take_woken(); !woken.empty(); woken = schedule_.take_woken())
    for (DestinationIndex index : woken) serve(index);
}

// One timer for the earliest of: a due job, an age event, a site or destination that may be probed again.
void Worker::arm() {
  std::optional<Instant> next = schedule_.next_event();
  if (!wakes_.empty() && (!next || wakes_.top().when < *next)) next = wakes_.top().when;
  if (!next || stopping_ || armed_for_ <= *next) return;  // who is woken too early arms again
  armed_for_ = *next;
  timer_.expires_at(to_boot_time(*next));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    armed_for_ = Instant::max();
    run_due();
  });
}

Instant& Worker::next_wake(bool is_site, std::uint32_t index) { return is_site ? sites_[index].next_wake : destinations_[index].next_wake; }

void Worker::wake_at(Instant when, bool is_site, std::uint32_t index) {
  Instant& awaited = next_wake(is_site, index);
  if (awaited <= when) return;  // it is served then, and looks again
  awaited = when;
  wakes_.push({when, is_site, index});
}

void Worker::serve(DestinationIndex index) {
  if (stopping_ || paused_ || !schedule_.has_ready(index)) return;
  Destination& destination = destinations_[index];
  const Instant now = instant_now();
  if (destination.locating && !lookups_.waits(index)) return;
  if (destination.locating) return start_locating(index);  // perhaps mail of an owner who has a place
  if (destination.located_until <= now) {
    if (!destination.trouble.may_probe(now, has_fresh(index, destination.trouble)))
      return wake_at(destination.trouble.next_probe(), false, index);
    return start_locating(index);
  }
  schedule_.open(index, destination.site);
  if (!serve_other_user(destination.site)) serve_site(destination.site);
}

void Worker::serve_site(SiteIndex index) {
  while (start_next(index)) {
  }
}

// The site backs off because of one user's messages: mail of others that waits has the next probe, and has it now. False: there is none.
bool Worker::serve_other_user(SiteIndex index) {
  const Site& site = sites_[index];
  if (!site.suspicion.is_of_one_user() || !site.trouble.active() || site.active > 0) return false;
  if (stopping_ || paused_ || !has_place(site)) return false;
  const queue::ReadyLines& ready = schedule_.ready();
  return ready.any_line_at(index, kFewOwners, [&](queue::LineIndex line) {
    const JobIndex job = ready.oldest(line);
    if (!site.suspicion.may_ask(ready.owner(line)) || !has_log_room(job)) return false;
    schedule_.lease_job(job);
    start(job, schedule_.job(job).destination, index);
    return true;
  });
}

// Starts the delivery at the site whose turn it is, if it may; false when nothing more can start now.
bool Worker::start_next(SiteIndex site_index) {
  Site& site = sites_[site_index];
  const JobIndex next = schedule_.ready().next_at(site_index);
  if (stopping_ || paused_ || next == queue::kNone) return false;
  const DestinationIndex index = schedule_.job(next).destination;
  const Instant now = instant_now();
  if (destinations_[index].located_until <= now) {
    schedule_.close(index);
    serve(index);
    return true;
  }
  const bool fresh = has_fresh(index, site.trouble);
  if (!site.may_start(now, session_limit(index), fresh)) {
    if (site.trouble.active() && site.active == 0) wake_at(site.trouble.probe_time(fresh), true, site_index);
    return false;
  }
  if (!has_place(site)) {
    wait_for_place(site_index);
    return false;
  }
  const JobIndex job = *schedule_.lease_at(site_index);
  if (has_log_room(job))
    start(job, index, site_index);
  else
    wait_for_log(job);
  return true;
}

transport::Transport& Worker::transport_of(const Site& site) const {
  return *services_.transports[static_cast<std::size_t>(site.terms->transport)];
}

void Worker::wait_for_place(SiteIndex index) {
  Site& site = sites_[index];
  if (!std::exchange(site.is_waiting, true)) places_of(site).wait(index, site.standing());
}

// After a delivery of this site. It goes on with the session that it has, with a limit: each so many deliveries those that wait are
// served before it. It opens more sessions only with what they leave.
void Worker::serve_after(SiteIndex index) {
  Site& site = sites_[index];
  if (++site.deliveries % Site::kTurn != 0) start_next(index);
  places_of(site).serve_line(most_places(site), [this](SiteIndex waiting) {
    sites_[waiting].is_waiting = false;
    serve_site(waiting);
  });
  serve_site(index);
}

// True if mail has come since the last failure: it need not wait out a long cool-down. Behind it there may be some that were tried.
bool Worker::has_fresh(DestinationIndex index, const Trouble& trouble) const {
  if (!trouble.active()) return false;
  const queue::ReadyLines& ready = schedule_.ready();
  return ready.any_line(index, kFewOwners, [&](queue::LineIndex line) {
    JobIndex newest = ready.newest(line);
    for (int looks = 0; looks < kFewLooks && newest != queue::kNone && !schedule_.job(newest).first_attempt; ++looks)
      newest = ready.before(newest);
    return newest != queue::kNone && schedule_.job(newest).first_attempt && Instant(schedule_.job(newest).accepted) > trouble.last_time();
  });
}

// The first of several jobs that come with the same is enough.
bool Worker::is_news(DestinationIndex index, const std::shared_ptr<const Located>& located) const {
  const Destination& destination = destinations_[index];
  if (!located || destination.locating || destination.located_until > instant_now()) return false;
  return located->config == lookup_config_;
}

// Ready jobs of a destination that another worker owns now go there, with what has been found out about it.
void Worker::pass_on(DestinationIndex index, const std::shared_ptr<const Located>& located) {
  const queue::ReadyLines& lines = schedule_.ready();
  for (JobIndex ready = lines.next(index); ready != queue::kNone; ready = lines.next(index)) {
    const queue::Job job = schedule_.job(ready);
    const host::Owner owner = lines.owner(lines.line(index));
    schedule_.remove(ready);
    services_.ownership.move_job({job.message, owner, routing::DestinationName(name_of(index)), job.accepted, instant_now(), false,
                                  job.first_attempt, job.delay_noticed, job.is_one_of_many, destinations_[index].probe_wanted, located});
  }
  destinations_[index].probe_wanted = false;
}

void Worker::stop() {
  stopping_ = true;
  for (transport::Transport* transport : services_.transports) transport->stop();
}

// The watchdog: each job has a next event or a live delivery. A job that nothing would wake is a bug: said, and woken.
void Worker::watch() {
  const Instant now = instant_now();
  for (JobIndex job : schedule_.forgotten(now)) {
    log(LogLine(Priority::error, schedule_.job(job).message, "forgotten")
            .add("note", "had no next event; tried again now (please report)"));
    schedule_.make_ready(job);
    schedule_age_event(job, now);
  }
  for (DestinationIndex index = 0; index < destinations_.size(); ++index) serve(index);
  run_due();
  services_.loads.shared.tidy(now);
  watchdog_.expires_after(kWatchInterval);
  watchdog_.async_wait([this](boost::system::error_code error) {
    if (!error && !stopping_) watch();
  });
}

Worker::Destination& Worker::destination(DestinationIndex index) {
  while (destinations_.size() <= index) destinations_.push_back({});
  if (!destinations_[index].is_known) begin_destination(index);
  return destinations_[index];
}

void Worker::begin_destination(DestinationIndex index) {
  Destination& destination = destinations_[index];
  const auto domain = name_of(index).domain();
  destination.is_known = true;
  if (!domain) return join_mailbox(index);
  const auto restored = restored_lookups_.find(domain->text());
  if (restored == restored_lookups_.end()) return;
  const auto& [site, failures, next_probe, last] = restored->second;
  const auto schedule = services_.config.get()->retry_for(*domain).schedule;
  destination.trouble.restore(failures, instant_now() + restored_wait(next_probe, failures, schedule), last);
  restored_lookups_.erase(restored);
}

// It has one next hop, for good.
void Worker::join_mailbox(DestinationIndex index) {
  const SessionKey key{{}, {routing::TransportKind::mailbox}};
  destinations_[index].located_until = Instant::max();
  join_site(index, site_index(key, std::nullopt));
}

Worker::SiteIndex Worker::site_index(const SessionKey& key, std::optional<queue::SiteRecord> restored) {
  const SiteIndex index = site_keys_.number(key.text());  // perhaps that of a site that was forgotten
  if (index == sites_.size()) sites_.emplace_back();
  Site& site = sites_[index];
  site.terms = shared_terms(key.terms);
  if (restored) restore(site, *restored);
  return index;
}

std::shared_ptr<const SessionTerms> Worker::shared_terms(const SessionTerms& terms) {
  std::erase_if(terms_, [](const auto& known) { return known.use_count() == 1; });
  const auto found = std::find_if(terms_.begin(), terms_.end(), [&](const auto& known) { return *known == terms; });
  return found != terms_.end() ? *found : terms_.emplace_back(std::make_shared<const SessionTerms>(terms));
}

std::shared_ptr<const queue::RetryPolicy> Worker::policy_of(DestinationIndex index) const {
  const auto config = services_.config.get();
  const auto domain = config->destinations.empty() ? std::nullopt : name_of(index).domain();
  if (!domain) return {config, &config->retry};
  return std::make_shared<const queue::RetryPolicy>(config->retry_for(*domain));
}

std::size_t Worker::session_limit(DestinationIndex index) const {
  const auto config = services_.config.get();
  if (has_fixed_site(index)) return most_places(sites_[destinations_[index].site]);
  const bool is_like_all = config->destinations.empty();
  const std::size_t limit = is_like_all ? config->delivery.max_sessions_per_site : config->max_sessions_for(*name_of(index).domain());
  return std::max<std::size_t>(1, limit);
}

const Trouble* Worker::trouble_of(DestinationIndex index) const {
  const Destination& destination = destinations_[index];
  if (destination.trouble.active()) return &destination.trouble;
  if (destination.site != queue::kNone && sites_[destination.site].trouble.active()) return &sites_[destination.site].trouble;
  return nullptr;
}

}  // namespace mxpress::mta::delivery
