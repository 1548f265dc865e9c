// A worker: one shard of the schedule with the sites it owns, on one thread. Decides what is served next; delivers; settles.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "dns/targets.h"
#include "mta/delivery/deliverer.h"
#include "mta/delivery/kept.h"
#include "mta/delivery/loads.h"
#include "mta/delivery/log_pause.h"
#include "mta/delivery/lookup_line.h"
#include "mta/delivery/notices.h"
#include "mta/delivery/places.h"
#include "mta/delivery/site.h"
#include "mta/delivery/target_rules.h"
#include "mta/host/log.h"
#include "mta/routing/destination_name.h"
#include "mta/transport/transport.h"
#include "queue/name_table.h"
#include "queue/schedule.h"
#include "queue/slab.h"

namespace mxpress::mta::delivery {

// What another worker has just looked up.
struct Located {
  dns::Targets targets;
  SessionKey key;
  std::shared_ptr<const Config> config;  // whose rules it follows
};

// So many jobs of a message share what is read of it.
inline constexpr std::size_t kManyJobs = 10;

// So many destinations are many: beyond it less is kept of each, and those without mail are forgotten.
inline constexpr std::size_t kManyDestinations = 10'000;

// A job on its way to a worker.
struct NewJob {
  queue::QueueId message;
  host::Owner owner;  // of the message: whose shares it uses
  routing::DestinationName destination;
  Instant accepted{};
  Instant next_try{};
  bool held = false;
  bool first_attempt = true;
  bool delay_noticed = false;
  bool is_one_of_many = false;               // its message has many jobs, here and elsewhere
  bool probe_wanted = false;                 // the operator has asked: now, though its site may cool down
  std::shared_ptr<const Located> located{};  // its destination, if it comes from the worker that looked it up
};

struct SiteClaim {
  std::size_t owner = 0;
  std::optional<queue::SiteRecord> restored{};  // what an earlier run has left of it; given once, to its first owner
};

// Which worker owns what; implemented by the pool. Any thread.
class Ownership {
 public:
  virtual ~Ownership() = default;
  // The site now belongs to that worker, unless one has it already. `key`: a SessionKey's text.
  virtual SiteClaim claim_site(const std::string& key, std::size_t worker) = 0;
  // That worker has forgotten it.
  virtual void leave_site(const std::string& key, std::size_t worker) = 0;
  // From now on new jobs of this destination go to that worker.
  virtual void place_destination(routing::DestinationRef destination, std::size_t worker) = 0;
  // That worker has forgotten it: the next job finds its place again.
  virtual void forget_destination(routing::DestinationRef destination, std::size_t worker) = 0;
  // Hands a job to whoever owns its destination now: another worker.
  virtual void move_job(NewJob job) = 0;
  // Jobs for what is still pending: after a change of the configuration has moved recipients to other destinations.
  virtual void readmit(const queue::Message& message) = 0;
};

// What a worker works with; all of it outlives the worker.
struct WorkerServices {
  asio::io_context& io;
  std::array<transport::Transport*, 2> transports;  // by kind
  queue::MessageStore& spool;
  const CurrentConfig& config;
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
  void restore_site(const queue::SiteRecord& site);
  // The spool has recorded the action; says of each message whether it is here and whether it is in flight.
  std::vector<ActionEffect> acted(queue::ActionKind action, const std::vector<queue::QueueId>& messages);
  std::vector<DestinationStatus> status();
  std::vector<DestinationStatus> status_of(queue::QueueId message) const;
  void reconfigured(std::shared_ptr<const Config> config, std::shared_ptr<dns::Resolver> resolver);
  // While true no attempt begins; what is due waits.
  void pause(bool paused);
  // No new attempts; those in flight go on.
  void stop();
  std::size_t in_flight() const { return active_; }
  std::size_t known_destinations() const { return schedule_.known_destinations(); }

 private:
  using DestinationIndex = queue::DestinationIndex;
  using JobIndex = queue::JobIndex;
  using SiteIndex = queue::SiteIndex;

  struct Destination {
    bool is_known : 1 = false;  // it has a name
    bool locating : 1 = false;
    bool probe_wanted : 1 = false;  // as soon as the site is known: the operator has asked before it was
    std::uint16_t answers = 0;      // how often something has been found out about it
    SiteIndex site = queue::kNone;
    DestinationIndex next_member = queue::kNone;  // of the site
    Instant located_until = Instant::min();
    Instant next_wake = Instant::max();  // the earliest that is arranged
    KeptTargets targets;
    Trouble trouble;  // of the lookup
    KeptResult last;  // of the latest attempt, if it did not deliver
  };
  static_assert(sizeof(Destination) <= 56);  // there may be a hundred thousand
  struct Wake {
    Instant when;
    bool is_site;
    std::uint32_t index;
    bool operator>(const Wake& other) const { return when > other.when; }
  };
  // What waits at one destination.
  struct Tally {
    std::size_t messages = 0, in_flight = 0, held = 0, ending = 0;
    bool is_due = false;  // some are: they wait for the site
    Instant next_try = Instant::max(), oldest = Instant::max();
    void count(const queue::Job& job);
  };
  struct Underway {
    Instant since;
    std::optional<dns::Target> target;  // whom it asks; none yet
  };

  // worker.cc: what is served next
  void run_due();
  void arm();
  void serve(DestinationIndex index);
  void serve_site(SiteIndex index);
  bool serve_other_user(SiteIndex index);
  bool start_next(SiteIndex index);
  Instant& next_wake(bool is_site, std::uint32_t index);
  transport::Transport& transport_of(const Site& site) const;
  Places& places_of(const Site& site) { return places_[static_cast<std::size_t>(site.terms->transport)]; }
  std::size_t most_places(const Site& site) const { return transport_of(site).most_orders(*services_.config.get()); }
  bool has_place(const Site& site) { return places_of(site).has_one(site.standing(), most_places(site)); }
  void wait_for_place(SiteIndex index);
  void serve_after(SiteIndex index);
  void wake_at(Instant when, bool is_site, std::uint32_t index);
  void serve_woken(Instant now);
  void pass_on(DestinationIndex index, const std::shared_ptr<const Located>& located);
  void join_mailbox(DestinationIndex index);
  // It needs no lookup, ever.
  bool has_fixed_site(DestinationIndex index) const { return destinations_[index].located_until == Instant::max(); }
  bool is_news(DestinationIndex index, const std::shared_ptr<const Located>& located) const;
  void watch();
  Destination& destination(DestinationIndex index);
  // Valid while the destination is known.
  routing::DestinationRef name_of(DestinationIndex index) const { return routing::DestinationRef::of_text(schedule_.name(index)); }
  void begin_destination(DestinationIndex index);
  SiteIndex site_index(const SessionKey& key, std::optional<queue::SiteRecord> restored);
  std::shared_ptr<const SessionTerms> shared_terms(const SessionTerms& terms);
  void restore(Site& site, const queue::SiteRecord& record);
  std::string key_of(SiteIndex index) const { return std::string(site_keys_.name(index)); }
  auto member_links() {
    return [this](DestinationIndex index) -> DestinationIndex& { return destinations_[index].next_member; };
  }
  std::shared_ptr<const queue::RetryPolicy> policy_of(DestinationIndex index) const;
  std::size_t session_limit(DestinationIndex index) const;
  ActionEffect acted_on(queue::ActionKind action, queue::QueueId message);
  void retry_now(JobIndex index);
  void probe_now(DestinationIndex index);
  bool has_fresh(DestinationIndex index, const Trouble& trouble) const;
  const Trouble* trouble_of(DestinationIndex index) const;

  // forget.cc: what has no mail goes once there is much of it
  void forget_unused();
  std::vector<DestinationIndex> unused_destinations() const;
  void forget_site(SiteIndex index);
  proto::HostResult brief(proto::HostResult result) const;

  // operate.cc: what operators see
  DestinationStatus row(DestinationIndex index, const Tally& tally, Instant now) const;

  // age.cc: delay notices and expiry
  void look_at_age(JobIndex index, Instant now);
  void look_at_expired(JobIndex index, Instant now, Instant deadline);
  void schedule_age_event(JobIndex index, Instant now);
  void expire_waiting(DestinationIndex index, Instant now);

  // locate.cc: from destination to site
  void start_locating(DestinationIndex index);
  void locate_next();
  void locate_for(const host::Owner& owner, DestinationIndex index);
  Task<void> locate(DestinationIndex index);
  Task<dns::Targets> find_hosts(proto::Domain domain, const Config& config, dns::Resolver& resolver);
  void located(DestinationIndex index, const std::shared_ptr<const Located>& located);
  void join_site(DestinationIndex index, SiteIndex site);
  void lookup_failed(DestinationIndex index, const dns::Targets& found);
  Task<void> fail_all(DestinationIndex index, std::uint16_t answer, proto::HostResult result);

  // job.cc: one job from lease to settlement
  void start(JobIndex job, DestinationIndex destination, SiteIndex site);
  Task<void> deliver_job(JobIndex job, DestinationIndex destination, SiteIndex site, Standing standing);
  // A leased job whose outcome is known without asking a host.
  struct Conclusion {
    JobIndex job;
    proto::Outcome outcome;
    SiteFailure failure;
  };
  void conclude_soon(Conclusion conclusion);
  Task<void> conclude_line(queue::QueueId message);
  Task<void> conclude_or_wait(Conclusion conclusion);
  Task<void> conclude_job(Conclusion conclusion);
  Task<Share> load(JobIndex job, DestinationIndex destination, Need need);
  Task<Result<SharedMessages::Given>> read(queue::QueueId id, Need need);
  bool has_pending(const queue::Message& message, DestinationIndex destination) const;
  void unreadable(JobIndex job, const Error& error);
  void content_unreadable(JobIndex job, DestinationIndex destination, Share share, const Error& error);
  Task<void> nothing_pending(JobIndex job, const Share& share);
  Task<Share> take_room(JobIndex job, DestinationIndex destination, Share share, LoadBudget::Charge& charge);
  host::Owner owner_of(queue::QueueId message) const { return services_.spool.share_owner_of(message); }
  bool counts_against_site(SiteIndex site, const queue::Message& message, const AttemptReport& report);
  void site_answered(DestinationIndex destination, SiteIndex site, const AttemptReport& report, Duration took);
  void settle(JobIndex job, DestinationIndex destination, Share share, AttemptReport report, std::optional<WallTime> next_try);
  struct Settled {
    queue::QueueId message;
    Verdict verdict;  // without the settlement, which the spool has
    std::vector<LogLine> lines;
    LogRoom::Hold room;  // of the lines
    bool waits_for_site = false;
  };
  void note_outcome(JobIndex job, const Verdict& verdict);
  void recorded(JobIndex job, Settled& settled, const Status& status);
  void give_back(JobIndex job, const Verdict& verdict, bool waits_for_site);
  transport::Order order_for(JobIndex job, DestinationIndex destination, SiteIndex site, Share::MessagePtr message);
  void put_back(JobIndex job);
  void finish(JobIndex job, DestinationIndex destination, SiteIndex site, Share share, AttemptReport report, Duration took);
  void wait_after_trouble(JobIndex job);
  bool has_log_room(JobIndex job) const;
  void wait_for_log(JobIndex job);
  void look_again(JobIndex job, Instant when);
  void spawn(Task<void> task);
  void spawn_for(JobIndex job, Task<void> task);
  bool wanted(JobIndex job) const;
  void trying(JobIndex job, const dns::Target& target);

  std::size_t index_;
  WorkerServices services_;
  // Both change together, in reconfigured(); shared with lookups in flight, which outlive that.
  std::shared_ptr<const Config> lookup_config_;
  std::shared_ptr<dns::Resolver> resolver_;
  std::mt19937_64 random_;
  Timer timer_;
  Instant armed_for_ = Instant::max();  // when the timer fires
  Timer watchdog_;
  queue::Schedule schedule_;
  queue::Slab<Destination, 64> destinations_;  // stable addresses: coroutines hold them
  std::deque<Site> sites_;                     // these, too
  queue::NameTable site_keys_;
  std::vector<std::shared_ptr<const SessionTerms>> terms_;  // each once: there are few
  std::size_t forget_at_;                                   // destinations: then those without mail are forgotten
  std::unordered_map<std::string, queue::SiteRecord> restored_lookups_;
  OwnAddresses own_addresses_;
  std::priority_queue<Wake, std::deque<Wake>, std::greater<>> wakes_;
  std::array<Places, 2> places_;  // by kind of transport
  std::unordered_map<JobIndex, Underway> underway_;
  std::unordered_map<queue::QueueId, std::deque<Conclusion>> conclusions_;  // of messages with many jobs: one at a time
  std::size_t active_ = 0;
  LookupLine lookups_;  // those that wait count as locating, too
  LogPause log_pause_;
  bool stopping_ = false;
  bool paused_ = false;
  Instant attempts_since_ = instant_now();  // attempts may begin
};

}  // namespace mxpress::mta::delivery
