// A worker: one shard of the schedule with the sites it owns, on one thread. Decides what is served next; delivers; settles.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "mta/delivery/admin_actions.h"
#include "mta/delivery/admin_view.h"
#include "mta/delivery/age_policy.h"
#include "mta/delivery/backoffs.h"
#include "mta/delivery/cleanup.h"
#include "mta/delivery/conclusions.h"
#include "mta/delivery/delivery_room.h"
#include "mta/delivery/flights.h"
#include "mta/delivery/job_loader.h"
#include "mta/delivery/job_runner.h"
#include "mta/delivery/leases.h"
#include "mta/delivery/limits.h"
#include "mta/delivery/loads.h"
#include "mta/delivery/notices.h"
#include "mta/delivery/ownership.h"
#include "mta/delivery/resolve_stage.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/turns.h"
#include "mta/delivery/wakes.h"
#include "mta/transport/transport.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

// What a worker works with; all of it outlives the worker.
struct WorkerServices {
  asio::io_context& io;
  transport::Transports transports;
  queue::MessageStore& spool;
  const CurrentConfig& config;
  events::Hub& events;
  fairness::FileTurns* files;  // null: the disk is read at once (simulations)
  Notices& notices;
  Ownership& ownership;
  Loads& loads;
  system::CrashRecord::Region* handled = nullptr;  // notes what is being handled; null: nobody does
  std::size_t many_destinations = kManyDestinations;
};

// Thread: that of its io_context, but for the constructor.
class Worker {
 public:
  Worker(std::size_t index, WorkerServices services, std::shared_ptr<dns::Resolver> resolver, std::uint64_t seed);

  asio::io_context& io() { return services_.io; }
  void add(const NewJob& job);
  // Of an earlier run: of a lookup, or of a site that this worker owns.
  void restore_site(const queue::SiteRecord& site) { backoffs_.restore(site); }
  // The spool has recorded the action; says of each message whether it is here and whether it is in flight.
  std::vector<ActionEffect> acted(queue::ActionKind action, const std::vector<queue::QueueId>& messages);
  std::vector<DestinationStatus> status() const { return view_.status(instant_now()); }
  std::vector<DestinationStatus> status_of(queue::QueueId message) const { return view_.status_of(message, instant_now()); }
  void reconfigured(std::shared_ptr<const Config> config, std::shared_ptr<dns::Resolver> resolver);
  // While true no attempt begins; what is due waits.
  void pause(bool paused);
  // No new attempts; those in flight go on.
  void stop();
  std::size_t in_flight() const { return runner_.under_way(); }
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
  bool serve_other_user(SiteIndex index);
  bool start_next(SiteIndex index);
  bool may_probe(SiteIndex index, DestinationIndex destination);
  void serve_after(SiteIndex index);
  bool use_room(SiteIndex site, const fairness::Owner& owner);
  void serve_woken(Instant now);
  void watch();

  WorkerServices services_;
  std::mt19937_64 random_;
  Timer timer_;
  Instant armed_for_ = Instant::max();  // when the timer fires
  Timer watchdog_;
  queue::Schedule schedule_;
  Destinations destinations_;
  SiteTable sites_;
  Wakes wakes_;
  Flights flights_;
  AgePolicy age_;
  Backoffs backoffs_;
  ResolveStage resolve_;
  Turns turns_;
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

}  // namespace mxpress::mta::delivery
