// The dispatcher of the workers.
#include "mta/delivery/dispatcher.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "mta/config/config.h"
#include "mta/delivery/backoff_key.h"
#include "mta/delivery/destination.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/event_of.h"
#include "mta/delivery/loads.h"
#include "mta/delivery/notices.h"
#include "mta/delivery/outage_probes.h"
#include "mta/delivery/outage_record.h"
#include "mta/delivery/outages.h"
#include "mta/delivery/placement.h"
#include "mta/delivery/policy_hosts.h"
#include "mta/delivery/regrouping.h"
#include "mta/delivery/returns.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/target_rules.h"
#include "mta/delivery/verdict.h"
#include "mta/delivery/worker.h"
#include "mta/events/hub.h"
#include "mta/fairness/file_turns.h"
#include "mta/net/stream.h"
#include "mta/replies/rule_set.h"
#include "mta/sts/lookups.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "mta/transport/command_transport.h"
#include "mta/transport/deliver_transport.h"
#include "mta/transport/forwarder.h"
#include "mta/transport/mailbox_transport.h"
#include "mta/transport/provider_terms.h"
#include "mta/transport/smtp_transport.h"
#include "mta/transport/target_connections.h"
#include "mta/transport/target_order.h"
#include "proto/text_hash.h"
#include "queue/message_store.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

using queue::RecipientStage;

constexpr Duration kIdlePoll = std::chrono::milliseconds(50);

bool any_in_stage(const queue::Message& message, RecipientStage stage) {
  return std::any_of(message.recipients.begin(), message.recipients.end(), [&](const auto& r) { return r.stage == stage; });
}

// No recipient of these messages is in flight: each was delivered, or could not be.
DestinationStatus row_of_notices(std::size_t pending) {
  DestinationStatus row;
  row.destination = kNoticesToCompose;
  row.messages = pending;
  row.oldest = row.next_try = Clock::current().wall();
  return row;
}

DestinationStatus row_of_set_aside(std::size_t messages) {
  DestinationStatus row;
  row.destination = kSetAside;
  row.messages = row.held = messages;
  row.oldest = Clock::current().wall();
  return row;
}

// Asks the system for the addresses of this host, on the thread that refreshes policies.
sts::Lookups::MakeWays ways_to_policies(decltype(DispatcherServices::make_resolver) make_resolver) {
  return [make = std::move(make_resolver), own = OwnAddresses()](asio::io_context& io, const Config& config) mutable -> sts::Ways {
    const auto addresses = own.at(BootClock::now());
    if (!addresses) return {};
    return {make(io, config), policy_reach(config, deliverable(config, addresses))};
  };
}

}  // namespace

Dispatcher::Dispatcher(DispatcherServices services)
    : services_(std::move(services)),
      loads_(std::make_unique<Loads>(services_.spool, services_.files)),
      notices_(std::make_unique<Notices>(
          *services_.workers.front(), services_.spool, services_.config, services_.events, services_.files, loads_->under_way,
          [this](queue::QueueId id, const proto::Envelope& envelope) { admit(id, envelope); }, services_.seed)),
      returns_(std::make_unique<Returns>(
          Returns::Parts{services_.spool, services_.config, services_.events, [this](queue::QueueId id) { notices_->add(id); }})),
      regrouping_(std::make_unique<Regrouping>(
          Regrouping::Parts{*services_.workers.front(), services_.spool, services_.config, services_.files},
          Regrouping::Actions{[this](queue::QueueId id, std::set<std::string> names, std::function<void(LeftJobs)> done) {
                                leave(id, std::move(names), std::move(done));
                              },
                              [this](const queue::Message& message) { readmit(message); }})),
      forwarder_(std::make_unique<transport::Forwarder>(transport::Forwarder::Parts{
          services_.spool, services_.files, [this](queue::QueueId id, const proto::Envelope& envelope) { admit(id, envelope); },
          services_.hold_excess})),
      sts_(std::make_unique<sts::Lookups>(services_.sts, services_.config, ways_to_policies(services_.make_resolver))),
      placement_(std::make_unique<Placement>(services_.workers.size())),
      connections_(std::make_shared<transport::TargetConnections>()) {
  const auto region_of = [this](std::size_t worker) { return services_.crash_record ? &services_.crash_record->region(worker) : nullptr; };
  notices_->note_in(region_of(0));
  const auto config = services_.config.get();
  has_senders_ = !config->senders.empty();
  keeps_mail_ = config->local.keeps_mail();
  for (std::size_t i = 0; i < services_.workers.size(); ++i) {
    asio::io_context& io = *services_.workers[i];
    connectors_.push_back(services_.make_connector(io));
    if (i == 0) make_outages();
    transports_.push_back(std::make_unique<transport::SmtpTransport>(
        transport::SmtpServices{io, *connectors_.back(), services_.events, services_.files, services_.workers.size(),
                                services_.seed + services_.workers.size() + i, connections_, services_.followers}));
    transports_.push_back(std::make_unique<transport::MailboxTransport>(services_.files));
    transports_.push_back(std::make_unique<transport::DeliverTransport>(services_.files, *forwarder_));
    transports_.push_back(std::make_unique<transport::CommandTransport>(services_.files, services_.workers.size()));
    const auto* mine = &transports_[4 * i];
    const transport::Transports transports(*mine[0], *mine[1], *mine[2], *mine[3]);
    WorkerServices worker_services{io,        transports, services_.spool, services_.config, services_.events,           services_.files,
                                   *notices_, *this,      *loads_,         region_of(i),     services_.many_destinations};
    worker_services.limits = services_.limits;
    worker_services.outages = outages_.get();
    worker_services.sts = sts_->add(io, *connectors_.back(), services_.workers.size());
    worker_services.workers = services_.workers.size();
    worker_services.busy = &placement_->busy(i);
    workers_.push_back(std::make_unique<Worker>(i, worker_services, services_.make_resolver(io, *config), services_.seed + i));
  }
}

Dispatcher::~Dispatcher() = default;

// Probes run on the first worker's thread.
void Dispatcher::make_outages() {
  asio::io_context& io = *services_.workers.front();
  outage_record_ = std::make_unique<OutageRecord>(services_.disk, services_.outages_file, services_.files);
  outage_probes_ = std::make_unique<OutageProbes>(services_.config, *connectors_.front(), connections_,
                                                  [this, &io] { return services_.make_resolver(io, *services_.config.get()); });
  outages_ = std::make_unique<Outages>(Outages::Services{io, services_.config, services_.events, *outage_probes_, *outage_record_,
                                                         services_.has_route, services_.has_route_to},
                                       [this] {
                                         visit_all([](Worker& worker) { worker.outage_changed(); }, [] {});
                                         if (services_.when_outage_changed) services_.when_outage_changed();
                                       });
}

void Dispatcher::admit(queue::QueueId id, const proto::Envelope& envelope) {
  if (envelope.refused) {
    const auto message = services_.spool.load(id);
    return message ? returns_->bounce(*message) : services_.events.emit(events::Unreadable{id, message.error().message});
  }
  const Instant now = instant_now();
  auto names = routing::destinations_of(envelope, *services_.config.get());
  const bool are_many = names.size() >= kManyJobs;
  const fairness::Owner owner = envelope.submitter.share_owner();
  const std::string& held = envelope.held_because;
  for (auto& name : names) route_job({id, owner, std::move(name), now, now, !held.empty(), true, false, are_many, false, held});
}

void Dispatcher::restore(const queue::Message& message) {
  if (any_in_stage(message, RecipientStage::notice_pending)) notices_->add(message.id);
  readmit(message);
}

void Dispatcher::set_aside(const queue::Message& message, const std::string& death) {
  set_aside_.add(message.id);
  if (message.held) return;  // held by an earlier start
  services_.spool.settle(settlement_of(message, death, Clock::current().wall()), nullptr);
  services_.spool.act(queue::ActionKind::hold, {message.id}, [&hub = services_.events, id = message.id, death](Status held) {
    if (held) hub.emit(events::SetAside{id, death});
  });
}

// For messages that no worker knows: an operator's action puts them back into delivery, or ends them.
std::vector<queue::QueueId> Dispatcher::acted_on_set_aside(queue::ActionKind action, const std::vector<queue::QueueId>& ids) {
  auto found = set_aside_.acted(action, ids);
  const bool stays = action == queue::ActionKind::hold || action == queue::ActionKind::retry;
  for (const queue::QueueId id : found) {
    if (!stays && services_.crash_record) services_.crash_record->clear(id);
    if (action == queue::ActionKind::release) take_up(id);
  }
  return found;
}

void Dispatcher::take_up(queue::QueueId id) {
  auto work = [this, id] {
    const auto message = services_.spool.load(id);
    if (!message) return services_.events.emit(events::Unreadable{id, message.error().message});
    restore(*message);
  };
  if (!services_.files) return work();
  services_.files->post({services_.spool.share_owner_of(id), services_.spool.octets_to_load(id)}, std::move(work));
}

void Dispatcher::readmit(const queue::Message& message) {
  if (message.envelope.refused) return returns_->bounce(message);
  const Instant now = instant_now();
  const Duration age = services_.spool.age_of(message);
  const auto config = services_.config.get();
  const bool was_told =  // about a delay: once for all destinations
      std::any_of(message.recipients.begin(), message.recipients.end(), [](const auto& r) { return r.delay_notice_sent; });
  const fairness::Owner owner = message.envelope.submitter.share_owner();
  const routing::RecipientRouting routing(message.envelope, *config);
  std::unordered_map<std::string, NewJob, proto::TextHash> jobs;  // by destination
  for (std::size_t i = 0; i < message.recipients.size(); ++i) {
    const queue::RecipientState& state = message.recipients[i];
    if (state.stage != RecipientStage::pending) continue;
    const proto::Mailbox& mailbox = message.envelope.recipients[i].mailbox;
    const DestinationName name = routing.destination_of(mailbox);
    const Instant next_try = now + restored_wait(state.next_try, state.attempts, config->retry_for(mailbox.domain()).schedule);
    auto [found, is_new] =
        jobs.try_emplace(name.text(), NewJob{message.id, owner, name, now - age, next_try, message.held, true, false, false, false,
                                             message.held ? message.envelope.held_because : std::string()});
    found->second.next_try = std::min(found->second.next_try, next_try);
    found->second.first_attempt = found->second.first_attempt && state.attempts == 0;
    found->second.delay_noticed = was_told;
    found->second.probe_wanted = found->second.probe_wanted || state.next_try == queue::kRetryWanted;
  }
  for (auto& [name, job] : jobs) {
    job.is_one_of_many = jobs.size() >= kManyJobs;
    route_job(std::move(job));
  }
}

void Dispatcher::restore_site(const queue::SiteRecord& site) {
  const auto key = BackoffKey::of_record(site.site);
  const auto owner =
      key.is_lookup() ? std::optional(placement_->worker_for(DestinationRef::of_text(key.name()))) : placement_->owner_or_keep(site);
  if (!owner) return;
  Worker& worker = *workers_[*owner];
  asio::post(worker.io(), [&worker, site] { worker.restore_site(site); });
}

void Dispatcher::act(queue::ActionKind action, std::vector<queue::QueueId> ids,
                     std::function<void(Result<std::vector<ActionEffect>>)> done) {
  services_.spool.act(action, ids, [this, action, ids, done = std::move(done)](Status status) {
    if (!status) return done(status.error());
    for (const queue::QueueId id : ids) loads_->shared.forget(id);
    apply(action, ids, done);
  });
}

void Dispatcher::apply(queue::ActionKind action, std::vector<queue::QueueId> ids,
                       std::function<void(Result<std::vector<ActionEffect>>)> done) {
  struct Effects {
    std::mutex mutex;
    std::vector<ActionEffect> all;
  };
  auto effects = std::make_shared<Effects>();  // shared by the workers' threads until the last one is done
  effects->all.assign(ids.size(), ActionEffect::unknown);
  if (action == queue::ActionKind::retry) outages_->probe_now();
  auto visit = [action, ids, effects](Worker& worker) {
    const auto mine = worker.acted(action, ids);
    const std::lock_guard lock(effects->mutex);
    for (std::size_t i = 0; i < ids.size(); ++i)
      if (mine[i] == ActionEffect::in_flight || effects->all[i] == ActionEffect::unknown) effects->all[i] = mine[i];
  };
  const auto aside = acted_on_set_aside(action, ids);
  visit_all(visit, [this, action, ids, effects, aside, done = std::move(done)] {
    for (std::size_t i = 0; i < ids.size(); ++i)
      if (std::find(aside.begin(), aside.end(), ids[i]) != aside.end())
        effects->all[i] = action == queue::ActionKind::retry ? ActionEffect::held : ActionEffect::done;
    if (action == queue::ActionKind::bounce)
      for (queue::QueueId id : ids) notices_->add(id);
    done(effects->all);
  });
}

// Collects the rows of all workers; `finish` runs after the last one, on some worker's thread.
void Dispatcher::gather_rows(std::function<std::vector<DestinationStatus>(Worker&)> rows_of,
                             std::function<void(std::vector<DestinationStatus>)> finish) {
  struct Rows {
    std::mutex mutex;
    std::vector<DestinationStatus> all;
  };
  auto rows = std::make_shared<Rows>();  // shared by the workers' threads until the last one is done
  auto visit = [rows, rows_of = std::move(rows_of)](Worker& worker) {
    auto mine = rows_of(worker);
    const std::lock_guard lock(rows->mutex);
    std::move(mine.begin(), mine.end(), std::back_inserter(rows->all));
  };
  visit_all(visit, [rows, finish = std::move(finish)] { finish(std::move(rows->all)); });
}

void Dispatcher::status(std::function<void(std::vector<DestinationStatus>)> done) {
  gather_rows([](Worker& worker) { return worker.status(); },
              [this, done = std::move(done)](std::vector<DestinationStatus> rows) {
                if (const std::size_t pending = notices_->pending(); pending > 0) rows.push_back(row_of_notices(pending));
                if (const std::size_t aside = set_aside_.size(); aside > 0) rows.push_back(row_of_set_aside(aside));
                std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.destination < b.destination; });
                done(std::move(rows));
              });
}

void Dispatcher::status_of(queue::QueueId id, std::function<void(std::vector<DestinationStatus>)> done) {
  gather_rows([id](Worker& worker) { return worker.status_of(id); }, std::move(done));
}

void Dispatcher::reconfigured() {
  for (auto& worker : workers_)
    asio::post(worker->io(), [this, &worker] {
      const auto config = services_.config.get();  // the latest, even if several arrive at the same time
      worker->reconfigured(config, services_.make_resolver(worker->io(), *config));
    });
  outages_->reconfigured();
  const auto config = services_.config.get();
  const bool had_senders = has_senders_.exchange(!config->senders.empty());
  const bool kept_mail = keeps_mail_.exchange(config->local.keeps_mail());
  if (had_senders || has_senders_ || kept_mail != keeps_mail_) regrouping_->begin();
}

void Dispatcher::login_changed(const std::string& name) {
  visit_all([name](Worker& worker) { worker.login_changed(name); }, [] {});
}

void Dispatcher::leave(queue::QueueId id, std::set<std::string> destinations, std::function<void(LeftJobs)> done) {
  struct All {
    std::atomic<bool> had_any{false}, are_busy{false};
  };
  auto all = std::make_shared<All>();  // shared by the workers' threads until the last one is done
  auto visit = [id, all, destinations = std::move(destinations)](Worker& worker) {
    const LeftJobs left = worker.leave(id, destinations);
    if (left.had_any) all->had_any = true;
    if (left.are_busy) all->are_busy = true;
  };
  visit_all(visit, [all, done = std::move(done)] { done({all->had_any, all->are_busy}); });
}

void Dispatcher::pause(bool paused) {
  if (std::exchange(paused_, paused) == paused) return;
  visit_all([paused](Worker& worker) { worker.pause(paused); }, [] {});
}

void Dispatcher::stop(std::function<void()> idle) {
  notices_->stop();
  regrouping_->stop();
  asio::post(*services_.workers.front(), [this] { outages_->stop(), sts_->stop(); });
  visit_all([](Worker& worker) { worker.stop(); }, [this, idle = std::move(idle)]() mutable { wait_until_idle(std::move(idle)); });
}

// If the spool accepts nothing, recording may take long: that is not waited for.
void Dispatcher::wait_until_idle(std::function<void()> idle) {
  const bool records = services_.spool.counters().accepting;
  auto in_flight = std::make_shared<std::atomic<std::size_t>>(records ? returns_->under_way() + notices_->storing() : 0);
  visit_all(
      [in_flight, records](Worker& worker) { *in_flight += worker.handing_over() + (records ? worker.unrecorded() : 0); },
      [this, in_flight, idle = std::move(idle)]() mutable {
        if (*in_flight == 0) return idle();
        auto timer = std::make_shared<Timer>(*services_.workers.front(), kIdlePoll);
        timer->async_wait([this, timer, idle = std::move(idle)](boost::system::error_code) mutable { wait_until_idle(std::move(idle)); });
      });
}

void Dispatcher::visit_all(std::function<void(Worker&)> visit, std::function<void()> finish) {
  auto left = std::make_shared<std::atomic<std::size_t>>(workers_.size());
  auto last = std::make_shared<std::function<void()>>(std::move(finish));
  for (auto& worker : workers_)
    asio::post(worker->io(), [visit, left, last, &worker = *worker] {
      visit(worker);
      if (--*left == 0) (*last)();
    });
}

std::size_t Dispatcher::known_destinations() const {
  std::size_t all = 0;
  for (const auto& worker : workers_) all += worker->known_destinations();
  return all;
}

SiteClaim Dispatcher::claim_site(const std::string& key, std::size_t worker) { return placement_->claim_site(key, worker); }
SiteClaim Dispatcher::claim_elsewhere(const std::string& key, std::size_t worker) { return placement_->claim_elsewhere(key, worker); }
void Dispatcher::leave_site(const std::string& key, std::size_t worker) { placement_->leave_site(key, worker); }
void Dispatcher::place_destination(routing::DestinationRef name, std::size_t worker) { placement_->place(name, worker); }
void Dispatcher::forget_destination(routing::DestinationRef name, std::size_t worker) { placement_->forget(name, worker); }

void Dispatcher::move_job(NewJob job) {
  ++moved_jobs_;
  route_job(std::move(job));
}

void Dispatcher::route_job(NewJob job) {
  Worker& worker = *workers_[placement_->worker_for(job.destination)];
  asio::post(worker.io(), [&worker, job = std::move(job)] { worker.add(job); });
}

}  // namespace mxpress::mta::delivery
