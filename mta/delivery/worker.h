// A worker: one shard of the schedule with the sites it owns, on one thread. Decides what is served next; delivers; settles.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "mta/delivery/admin_view.h"
#include "mta/delivery/age_policy.h"
#include "mta/delivery/backoffs.h"
#include "mta/delivery/busy_sites.h"
#include "mta/delivery/cleanup.h"
#include "mta/delivery/conclusion.h"
#include "mta/delivery/deliverer.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/flights.h"
#include "mta/delivery/job_loader.h"
#include "mta/delivery/loads.h"
#include "mta/delivery/notices.h"
#include "mta/delivery/ownership.h"
#include "mta/delivery/pause.h"
#include "mta/delivery/places.h"
#include "mta/delivery/resolve_stage.h"
#include "mta/delivery/site_shares.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/wakes.h"
#include "mta/events/hub.h"
#include "mta/transport/transport.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

// So many jobs of a message share what is read of it.
inline constexpr std::size_t kManyJobs = 10;

// So many destinations are many: beyond it less is kept of each, and those without mail are forgotten.
inline constexpr std::size_t kManyDestinations = 10'000;

// What a worker works with; all of it outlives the worker.
struct WorkerServices {
  asio::io_context& io;
  std::array<transport::Transport*, 2> transports;  // by kind
  queue::MessageStore& spool;
  const CurrentConfig& config;
  events::Hub& events;
  asio::thread_pool* file_pool;  // null: the disk is read at once (simulations)
  Notices& notices;
  Ownership& ownership;
  Loads& loads;
  host::CrashRecord::Region* handled = nullptr;  // notes what is being handled; null: nobody does
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
  std::size_t in_flight() const { return active_; }
  std::size_t known_destinations() const { return schedule_.known_destinations(); }

 private:
  // worker.cc: what is served next
  AgePolicy::Actions age_actions();
  ResolveStage::Actions resolve_actions();
  JobLoader::Actions loader_actions();
  void run_due();
  void arm();
  void serve(DestinationIndex index);
  bool waits_for_site(const Destination& destination) const;
  void look_up(DestinationIndex index);
  void serve_site(SiteIndex index);
  bool serve_other_user(SiteIndex index);
  bool start_next(SiteIndex index);
  transport::Transport& transport_of(const Site& site) const;
  Places& places_of(const Site& site) { return places_[static_cast<std::size_t>(site.terms->transport)]; }
  std::size_t most_places(const Site& site) const { return transport_of(site).most_orders(*services_.config.get()); }
  bool has_place(const Site& site, const host::Owner& owner) {
    return places_of(site).has_one({site.standing(), owner}, most_places(site));
  }
  enum class Turn { found, without_place, full };
  Turn find_turn(SiteIndex index);
  Turn turn_of(SiteIndex index, const host::Owner& owner);
  bool may_probe(SiteIndex index, DestinationIndex destination);
  std::optional<Instant> waits_for_host(SiteIndex index, const host::Owner& owner) const;
  void wait_for_place(SiteIndex index);
  void serve_after(SiteIndex index);
  void serve_woken(Instant now);
  void watch();
  std::size_t session_limit(DestinationIndex index) const { return session_limit(index, *services_.config.get()); }
  std::size_t session_limit(DestinationIndex index, const Config& config) const;
  ActionEffect acted_on(queue::ActionKind action, queue::QueueId message);
  void retry_now(JobIndex index);

  // job.cc: one job from lease to settlement
  void start(JobIndex job, DestinationIndex destination, SiteIndex site, const host::Owner& owner);
  Task<void> deliver_job(JobIndex job, DestinationIndex destination, SiteIndex site, Places::Place place);
  void conclude_soon(Conclusion conclusion);
  Task<void> conclude_line(queue::QueueId message);
  Task<void> conclude_or_wait(Conclusion conclusion);
  Task<void> conclude_job(Conclusion conclusion);
  static std::uint64_t octets_of_room(std::uint8_t room);
  bool has_room(JobIndex job) const;
  bool take_room(JobIndex job, const queue::Message& message, LoadBudget::Charge& charge);
  host::Owner owner_of(queue::QueueId message) const { return services_.spool.share_owner_of(message); }
  void site_answered(DestinationIndex destination, SiteIndex site, const AttemptReport& report, Duration took);
  void settle(JobIndex job, DestinationIndex destination, Share share, AttemptReport report, std::optional<WallTime> next_try);
  struct Settled {
    Verdict verdict;  // without the settlement, which the spool has
    events::Attempted attempted;
    bool waits_for_site = false;
  };
  void note_outcome(JobIndex job, const Verdict& verdict);
  void recorded(JobIndex job, Settled& settled, const Status& status);
  void give_back(JobIndex job, const Verdict& verdict, bool waits_for_site);
  transport::Order order_for(JobIndex job, DestinationIndex destination, SiteIndex site, const host::Owner& owner,
                             Share::MessagePtr message);
  void put_back(JobIndex job);
  void finish(JobIndex job, DestinationIndex destination, SiteIndex site, Share share, AttemptReport report, Duration took);
  void wait_after_trouble(JobIndex job);
  bool has_log_room(JobIndex job) const;
  void wait_for_room(JobIndex job);
  void wait_for_host(JobIndex job, DestinationIndex destination, SiteIndex site, const host::Owner& owner, const proto::HostResult& why);
  bool use_room(SiteIndex site, const host::Owner& owner);
  void look_again(JobIndex job, Instant when);
  void spawn(Task<void> task);
  void spawn_for(JobIndex job, Task<void> task);
  bool wanted(JobIndex job) const;

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
  JobLoader loader_;
  const AdminView view_;
  Cleanup cleanup_;
  std::array<Places, 2> places_;                                            // by kind of transport
  std::unordered_map<queue::QueueId, std::deque<Conclusion>> conclusions_;  // of messages with many jobs: one at a time
  SiteShares shares_;
  std::size_t active_ = 0;
  Pause room_pause_{std::chrono::seconds(1), std::chrono::milliseconds(1)};
  BusySites busy_;
  Pause busy_pause_{std::chrono::seconds(2), std::chrono::milliseconds(10)};
  bool stopping_ = false;
  bool paused_ = false;
};

}  // namespace mxpress::mta::delivery
