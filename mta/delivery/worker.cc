// Chooses what a worker serves next: due jobs, sites with room, and timed wake-ups.
#include "mta/delivery/worker.h"

#include <boost/asio/post.hpp>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "mta/config/config.h"
#include "mta/delivery/admin_actions.h"
#include "mta/delivery/admin_view.h"
#include "mta/delivery/age_policy.h"
#include "mta/delivery/backoffs.h"
#include "mta/delivery/cleanup.h"
#include "mta/delivery/conclusion.h"
#include "mta/delivery/conclusions.h"
#include "mta/delivery/delivery_room.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/flights.h"
#include "mta/delivery/job_loader.h"
#include "mta/delivery/job_runner.h"
#include "mta/delivery/leases.h"
#include "mta/delivery/loads.h"
#include "mta/delivery/notices.h"
#include "mta/delivery/ownership.h"
#include "mta/delivery/regrouping.h"
#include "mta/delivery/resolve_stage.h"
#include "mta/delivery/site_limits.h"
#include "mta/delivery/site_outages.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/turns.h"
#include "mta/delivery/verdict.h"
#include "mta/delivery/wakes.h"
#include "mta/rates/hold.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "mta/transport/report.h"
#include "mta/transport/session_key.h"
#include "mta/transport/transport.h"
#include "queue/message_store.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

constexpr Duration kWatchInterval = std::chrono::minutes(1);
constexpr Duration kSpoolInterval = std::chrono::seconds(1);  // check interval while the spool accepts no outcomes

}  // namespace

// The parts, and how they work together. Its public functions are the worker's.
class Worker::Parts {
 public:
  Parts(std::size_t index, WorkerServices services, std::shared_ptr<dns::Resolver> resolver, std::uint64_t seed);

  asio::io_context& io() { return services_.io; }
  void add(const NewJob& job);
  void restore_site(const queue::SiteRecord& site) { backoffs_.restore(site); }
  std::vector<ActionEffect> acted(queue::ActionKind action, const std::vector<queue::QueueId>& messages);
  std::vector<DestinationStatus> status() const { return view_.status(instant_now()); }
  std::vector<DestinationStatus> status_of(queue::QueueId message) const { return view_.status_of(message, instant_now()); }
  void reconfigured(std::shared_ptr<const Config> config, std::shared_ptr<dns::Resolver> resolver);
  void login_changed(std::string_view name);
  void outage_changed();
  LeftJobs leave(queue::QueueId message, const std::set<std::string>& destinations);
  void pause(bool paused);
  void stop();
  std::size_t handing_over() const { return runner_.handing_over(); }
  std::size_t unrecorded() const { return leases_.unrecorded(); }
  std::size_t known_destinations() const { return schedule_.known_destinations(); }

 private:
  AgePolicy::Actions age_actions();
  ResolveStage::Actions resolve_actions();
  JobLoader::Actions loader_actions();
  JobRunner::Actions runner_actions();
  void run_due();
  void arm();
  void serve(DestinationIndex index);
  bool waits_for_site(const Destination& destination) const;
  void look_up(DestinationIndex index);
  void serve_site(SiteIndex index);
  bool serve_other_mail(SiteIndex index);
  bool start_next(SiteIndex index);
  bool may_probe(SiteIndex index, DestinationIndex destination);
  void serve_after(SiteIndex index);
  bool use_room(SiteIndex site, const fairness::Owner& owner);
  void serve_woken(Instant now);
  void watch();

  WorkerServices services_;
  std::mt19937_64 random_;
  Timer timer_;
  Instant armed_for_ = Instant::max();  // time when the timer fires
  Timer watchdog_;
  queue::Schedule schedule_;
  Destinations destinations_;
  SiteTable sites_;
  Wakes wakes_;
  Flights flights_;
  AgePolicy age_;
  Backoffs backoffs_;
  SiteOutages outages_;
  ResolveStage resolve_;
  Turns turns_;
  SiteLimits limits_;
  DeliveryRoom room_;
  Leases leases_;
  JobLoader loader_;
  Conclusions conclusions_;
  JobRunner runner_;
  AdminActions actions_;
  const AdminView view_;
  Cleanup cleanup_;
  bool stopping_ = false;
  bool paused_ = false;
};

Worker::Parts::Parts(std::size_t index, WorkerServices services, std::shared_ptr<dns::Resolver> resolver, std::uint64_t seed)
    : services_(services),
      random_(seed),
      timer_(services.io),
      watchdog_(services.io),
      schedule_([this](queue::QueueId message) { return services_.spool.share_owner_of(message); }),
      destinations_(schedule_, services_.config, services_.many_destinations),
      sites_(destinations_),
      wakes_(destinations_, sites_),
      age_({schedule_, destinations_, sites_, wakes_}, age_actions(), instant_now()),
      backoffs_({schedule_, destinations_, sites_, wakes_, age_, services_.spool, services_.events, random_}),
      outages_({schedule_, destinations_, sites_, wakes_, backoffs_, services_.config, services_.outages}),
      resolve_(index, services_.io,
               {schedule_, destinations_, sites_, wakes_, age_, backoffs_, services_.ownership, services_.spool, random_, &outages_,
                services_.sts, services_.workers},
               resolve_actions(), {services_.config.get(), std::move(resolver)}),
      turns_({schedule_, destinations_, sites_, wakes_, services_.transports, services_.config, services_.busy}),
      limits_(index, {services_.io, sites_, wakes_, schedule_, services_.limits, services_.files},
              [this](SiteIndex site) {
                serve_site(site);
                arm();
              }),
      room_(schedule_, services_.spool, services_.loads),
      leases_(
          {services_.io, schedule_, destinations_, age_, services_.spool, services_.events, services_.notices, services_.loads, random_},
          {[this] { run_due(); }, [this] { arm(); }}),
      loader_({services_.io, schedule_, destinations_, services_.config, services_.spool, services_.events, services_.files,
               services_.loads, services_.ownership},
              loader_actions()),
      conclusions_(
          {services_.io, schedule_, destinations_, sites_, services_.config, services_.spool, room_, loader_, leases_, services_.handled}),
      runner_({services_.io, services_.transports, services_.config, schedule_, destinations_, sites_, flights_, backoffs_, turns_, limits_,
               room_, loader_, leases_, services_.handled, &outages_},
              runner_actions()),
      actions_({schedule_, age_, backoffs_}),
      view_(schedule_, destinations_, sites_, limits_, flights_, &outages_),
      cleanup_(index, {schedule_, destinations_, sites_, services_.ownership}, services_.many_destinations,
               [this](SiteIndex site) { return services_.transports.of(*sites_[site].terms).keeps_site(site); }) {
  for (transport::Transport* transport : services_.transports)
    transport->when_room([this](SiteIndex site, const fairness::Owner& owner) { return use_room(site, owner); });
  asio::post(services_.io, [this] { watch(); });
}

AgePolicy::Actions Worker::Parts::age_actions() {
  return {[this](const queue::Job& job) { return conclusions_.place_for(job.message); },
          [this](Conclusion conclusion) { conclusions_.conclude(std::move(conclusion)); },
          [this](const queue::Job& job, std::optional<SiteFailure> why, Instant deadline) {
            const routing::DestinationName name(destinations_.name(job.destination));
            return services_.notices.delayed(job.message, name, std::move(why), to_wall(deadline));
          },
          [this](SiteIndex site) {
            auto why = limits_.why(site, instant_now());
            return why ? std::optional(std::move(why->failure)) : std::nullopt;
          },
          [this](DestinationIndex index, Instant from, Instant to) { return outages_.paused(index, from, to); },
          [this](DestinationIndex index) { return outages_.why(index); }};
}

ResolveStage::Actions Worker::Parts::resolve_actions() {
  return {[this](DestinationIndex index) { serve(index); }, [this] { run_due(); },
          [this](Conclusion conclusion) { conclusions_.conclude(std::move(conclusion)); },
          [this](Conclusion conclusion) { return conclusions_.conclude_in_turn(std::move(conclusion)); },
          [this](const fairness::Owner& owner) { return turns_.has_place_for_new(owner); }};
}

JobLoader::Actions Worker::Parts::loader_actions() {
  return {[this](JobIndex index) { leases_.wait_after_failure(index); },
          [this](JobIndex index, DestinationIndex destination, Share share, AttemptReport report) {
            leases_.settle(index, destination, std::move(share), std::move(report), std::nullopt);
          }};
}

JobRunner::Actions Worker::Parts::runner_actions() {
  return {[this](SiteIndex site) { serve_other_mail(site); },
          [this](SiteIndex site) {
            serve_after(site);
            run_due();
          }};
}

void Worker::Parts::add(const NewJob& new_job) {
  if (cleanup_.is_due()) cleanup_.run();
  const DestinationIndex index = schedule_.destination(new_job.destination.text());
  resolve_.begin(index);
  if (new_job.probe_wanted) destinations_[index].probe_wanted = true;
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
  if (!new_job.held_because.empty()) destinations_[index].last = destinations_.brief(held_by_configuration(new_job.held_because));
  age_.arrange(schedule_.add(job, new_job.owner), now);
  const bool is_news = resolve_.take_over(index, new_job.resolved);
  if (!is_news && new_job.probe_wanted && destinations_[index].resolved_until > now) backoffs_.probe_now(index);
  run_due();
}

void Worker::Parts::run_due() {
  if (stopping_) return;
  const Instant now = instant_now();
  for (JobIndex job : schedule_.advance(now)) age_.look(job, now);
  serve_woken(now);
  arm();
}

void Worker::Parts::serve_woken(Instant now) {
  wakes_.serve_due(now, [this](DestinationIndex index) { serve(index); }, [this](SiteIndex index) { serve_site(index); });
  for (auto woken = schedule_.take_woken(); !woken.empty(); woken = schedule_.take_woken())
    for (DestinationIndex index : woken) serve(index);
}

// One timer for the earliest of: a due job, an age event, a site or destination that may be probed again.
void Worker::Parts::arm() {
  std::optional<Instant> next = schedule_.next_event();
  if (const auto wake = wakes_.next(); wake && (!next || *wake < *next)) next = wake;
  if (!next || stopping_ || armed_for_ <= *next) return;  // if it wakes too early it arms again
  armed_for_ = *next;
  timer_.expires_at(to_boot_time(*next));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    armed_for_ = Instant::max();
    run_due();
  });
}

void Worker::Parts::serve(DestinationIndex index) {
  if (stopping_ || paused_ || !schedule_.has_ready(index)) return;
  if (!services_.spool.is_accepting()) return wakes_.wake_destination(index, instant_now() + kSpoolInterval);
  const Destination& destination = destinations_[index];
  if (destination.resolving) return resolve_.look_up(index);  // perhaps for mail of an owner who has a place
  if (!destination.is_resolved(instant_now()) && !waits_for_site(destination)) return look_up(index);
  schedule_.open(index, destination.site);
  serve_site(destination.site);
}

// Its hosts are looked up again when they may be tried again, so that hosts that change with each lookup are not tried more often.
bool Worker::Parts::waits_for_site(const Destination& destination) const {
  return destination.is_outdated() && sites_[destination.site].backoff.active();
}

void Worker::Parts::look_up(DestinationIndex index) {
  if (!outages_.may_look_up(index)) return;
  const Destination& destination = destinations_[index];
  if (destination.backoff.may_probe(instant_now(), backoffs_.has_fresh(index, destination.backoff))) return resolve_.look_up(index);
  wakes_.wake_destination(index, destination.backoff.next_probe());
}

void Worker::Parts::serve_site(SiteIndex index) {
  while (serve_other_mail(index) || start_next(index)) {
  }
}

// The site backs off because of some owners' messages for some destinations: other mail gets its own probe now. False: there is none.
bool Worker::Parts::serve_other_mail(SiteIndex index) {
  const Site& site = sites_[index];
  if (!site.suspicion.is_of_owners() || !site.backoff.active()) return false;
  if (stopping_ || paused_ || !services_.spool.is_accepting()) return false;
  const queue::ReadyLines& ready = schedule_.ready();
  return ready.any_destination_at(index, kFewOwners, [&](queue::LineIndex line) {
    const JobIndex job = ready.oldest(line);
    const fairness::Owner owner = ready.owner(line);
    const DestinationIndex destination = schedule_.job(job).destination;
    if (!site.suspicion.may_ask({owner, destinations_.number(destination)}) || !turns_.has_room(index, destination, owner)) return false;
    std::unique_ptr<rates::Hold> hold;
    if (!turns_.may_ask(index, owner) || !room_.has_some(job) || (site.is_limited && !limits_.take(index, hold))) return false;
    schedule_.lease_job(job);
    runner_.start(job, destination, index, owner, std::move(hold));
    return true;
  });
}

// Starts the delivery whose turn it is at the site, if it may; false if nothing more can start now.
bool Worker::Parts::start_next(SiteIndex site_index) {
  const queue::ReadyLines& ready = schedule_.ready();
  if (stopping_ || paused_ || ready.empty_at(site_index)) return false;
  if (!services_.spool.is_accepting()) {
    wakes_.wake_site(site_index, instant_now() + kSpoolInterval);
    return false;
  }
  const Turns::Turn turn = turns_.find(site_index);
  const DestinationIndex index = schedule_.job(ready.next_at(site_index)).destination;
  const bool is_resolved = destinations_[index].is_resolved(instant_now());
  const bool asks_site = is_resolved || waits_for_site(destinations_[index]);
  if (asks_site && !outages_.may_connect(site_index, index)) return false;
  if (asks_site && (turn == Turns::Turn::full || !may_probe(site_index, index))) return false;
  if (!is_resolved) {
    schedule_.close(index);
    look_up(index);
    return true;
  }
  if (turn == Turns::Turn::without_place) {
    turns_.wait_for_place(site_index);
    return false;
  }
  std::unique_ptr<rates::Hold> hold;
  if (sites_[site_index].is_limited && !limits_.take(site_index, hold)) return false;
  const fairness::Owner owner = ready.owner(ready.line_at(site_index));
  const JobIndex job = *schedule_.lease_at(site_index);
  if (room_.has_some(job))
    runner_.start(job, index, site_index, owner, std::move(hold));
  else
    leases_.wait_for_room(job);
  return true;
}

// True if the site is not in backoff, or may be probed now; otherwise it is woken when it may.
bool Worker::Parts::may_probe(SiteIndex site_index, DestinationIndex index) {
  const Site& site = sites_[site_index];
  if (!site.backoff.active()) return true;
  const bool is_fresh = backoffs_.has_fresh(index, site.backoff);
  if (site.backoff.may_probe(instant_now(), is_fresh)) return true;
  wakes_.wake_site(site_index, site.backoff.probe_time(is_fresh));
  return false;
}

// Called after a delivery of this site. It continues with its session, up to a limit: after that many deliveries the waiting sites are
// served before it. It opens further sessions only with places that they leave.
void Worker::Parts::serve_after(SiteIndex index) {
  Site& site = sites_[index];
  if (++site.deliveries % Site::kTurn != 0) start_next(index);
  turns_.serve_line(index, [this](SiteIndex waiting) { serve_site(waiting); });
  serve_site(index);
}

// A connection is reserved for mail of this owner at this site. False: none of its mail has begun.
bool Worker::Parts::use_room(SiteIndex site, const fairness::Owner& owner) {
  turns_.host_has_room(site, owner);
  const std::uint32_t before = sites_[site].active;
  serve_site(site);
  arm();
  return sites_[site].active > before;
}

std::vector<ActionEffect> Worker::Parts::acted(queue::ActionKind action, const std::vector<queue::QueueId>& messages) {
  std::vector<ActionEffect> effects;
  for (queue::QueueId message : messages) effects.push_back(actions_.act(action, message));
  run_due();  // once: for any number of retried messages their site gets one probe
  return effects;
}

void Worker::Parts::pause(bool paused) {
  paused ? age_.pause() : age_.resume(instant_now());
  paused_ = paused;
  for (DestinationIndex index = 0; !paused && index < destinations_.size(); ++index) wakes_.wake_destination(index, instant_now());
  run_due();
}

void Worker::Parts::reconfigured(std::shared_ptr<const Config> config, std::shared_ptr<dns::Resolver> resolver) {
  resolve_.reconfigured({std::move(config), std::move(resolver)});
  run_due();
}

void Worker::Parts::login_changed(std::string_view name) {
  backoffs_.login_changed(name);
  run_due();
}

void Worker::Parts::outage_changed() {
  outages_.changed();
  run_due();
}

LeftJobs Worker::Parts::leave(queue::QueueId message, const std::set<std::string>& destinations) {
  LeftJobs left;
  for (JobIndex index : schedule_.jobs_of(message)) {
    const queue::Job& job = schedule_.job(index);
    if (destinations.contains(std::string(destinations_.name(job.destination).text()))) continue;
    const bool is_leased = job.stage == queue::JobStage::leased;
    left.are_busy = left.are_busy || (is_leased && !job.is_over);
    left.had_any = left.had_any || !is_leased;
    if (!is_leased) schedule_.remove(index);
  }
  return left;
}

void Worker::Parts::stop() {
  stopping_ = true;
  runner_.stop();
  resolve_.stop();
  conclusions_.stop();
  for (transport::Transport* transport : services_.transports) transport->stop();
}

// The watchdog: each job has a next event or a delivery in progress. A job that nothing would wake is a bug: it is logged, and woken.
void Worker::Parts::watch() {
  const Instant now = instant_now();
  for (JobIndex job : schedule_.forgotten(now)) {
    log(LogLine(Priority::error, schedule_.job(job).message, "forgotten")
            .add("note", "had no next event; tried again now (please report)"));
    schedule_.make_ready(job);
    age_.arrange(job, now);
  }
  if (cleanup_.is_due()) cleanup_.run();
  for (DestinationIndex index = 0; index < destinations_.size(); ++index) serve(index);
  run_due();
  outages_.tell_wanted_routes();
  services_.loads.shared.tidy(now);
  watchdog_.expires_after(kWatchInterval);
  watchdog_.async_wait([this](boost::system::error_code error) {
    if (!error && !stopping_) watch();
  });
}

Worker::Worker(std::size_t index, WorkerServices services, std::shared_ptr<dns::Resolver> resolver, std::uint64_t seed)
    : parts_(std::make_unique<Parts>(index, services, std::move(resolver), seed)) {}

Worker::~Worker() = default;

asio::io_context& Worker::io() { return parts_->io(); }

void Worker::add(const NewJob& job) { parts_->add(job); }

void Worker::restore_site(const queue::SiteRecord& site) { parts_->restore_site(site); }

std::vector<ActionEffect> Worker::acted(queue::ActionKind action, const std::vector<queue::QueueId>& messages) {
  return parts_->acted(action, messages);
}

std::vector<DestinationStatus> Worker::status() const { return parts_->status(); }

std::vector<DestinationStatus> Worker::status_of(queue::QueueId message) const { return parts_->status_of(message); }

void Worker::reconfigured(std::shared_ptr<const Config> config, std::shared_ptr<dns::Resolver> resolver) {
  parts_->reconfigured(std::move(config), std::move(resolver));
}

void Worker::login_changed(std::string_view name) { parts_->login_changed(name); }

void Worker::outage_changed() { parts_->outage_changed(); }

LeftJobs Worker::leave(queue::QueueId message, const std::set<std::string>& destinations) { return parts_->leave(message, destinations); }

void Worker::pause(bool paused) { parts_->pause(paused); }

void Worker::stop() { parts_->stop(); }

std::size_t Worker::handing_over() const { return parts_->handing_over(); }

std::size_t Worker::unrecorded() const { return parts_->unrecorded(); }

std::size_t Worker::known_destinations() const { return parts_->known_destinations(); }

}  // namespace mxpress::mta::delivery
