// The dispatcher: takes messages in, gives each job to the worker that owns it, and gives operators views and actions.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dns/address.h"
#include "dns/async.h"
#include "mta/delivery/deliverer.h"
#include "mta/delivery/limits.h"
#include "mta/delivery/ownership.h"
#include "mta/delivery/suspects.h"
#include "mta/system/crash_record.h"

namespace mxpress::dns {
class Resolver;
}

namespace mxpress::queue {
class Disk;
class MessageStore;
}  // namespace mxpress::queue

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta {
struct Config;
class CurrentConfig;
namespace net {
class Connector;
}
namespace events {
class Followers;
class Hub;
struct Attempted;
}  // namespace events
namespace rates {
class RateLimits;
}
namespace sts {
class Lookups;
class Policies;
}  // namespace sts
namespace transport {
class Forwarder;
class TargetConnections;
class Transport;
}  // namespace transport
}  // namespace mxpress::mta

namespace mxpress::mta::delivery {

class Notices;
class OutageProbes;
class OutageRecord;
class Outages;
class Placement;
class Regrouping;
class Returns;
class Worker;
struct LeftJobs;
struct Loads;

struct DispatcherServices {
  std::vector<asio::io_context*> workers;  // one per worker; in simulations several may be the same
  queue::MessageStore& spool;
  const CurrentConfig& config;
  events::Hub& events;         // must outlive the spool, too
  fairness::FileTurns* files;  // null: the disk is read at once
  std::function<std::shared_ptr<dns::Resolver>(asio::io_context&, const Config&)> make_resolver;
  std::function<std::unique_ptr<net::Connector>(asio::io_context&)> make_connector;
  std::uint64_t seed = 0;
  system::CrashRecord* crash_record = nullptr;        // null: messages in progress are not noted (simulations)
  std::size_t many_destinations = kManyDestinations;  // for each worker
  rates::RateLimits* limits = nullptr;                // must outlive the io_contexts; null: no route has a rate limit
  queue::Disk* disk = nullptr;                        // stores outages of this host in this file; null: not stored
  std::string outages_file{};
  std::function<void(const Config&, queue::QueueId, proto::Envelope&)> hold_excess{};  // see transport::Forwarder
  sts::Policies* sts = nullptr;                                                        // MTA-STS; must outlive the io_contexts; null: none
  // True if this host has a route to any network of a family; null: always.
  std::function<bool(dns::AddressFamily)> has_route{};
  std::function<bool(const dns::Address&)> has_route_to{};  // to this address
  events::Followers* followers = nullptr;                   // debuggers of attempts; null: there are none
  // Called when this host cannot send directly any more, or can again: see Outages::is_direct_out(). Any thread; may be null.
  std::function<void()> when_outage_changed{};
};

// Threads: Deliverer's and Ownership's functions from any. Destroyed after the threads that run its io_contexts have ended, before the
// io_contexts, and after the last commit of the spool, which calls back into it.
class Dispatcher final : public Deliverer, private Ownership {
 public:
  explicit Dispatcher(DispatcherServices services);
  ~Dispatcher() override;

  void admit(queue::QueueId id, const proto::Envelope& envelope) override;
  void restore(const queue::Message& message) override;
  void restore_site(const queue::SiteRecord& site) override;
  void act(queue::ActionKind action, std::vector<queue::QueueId> ids, std::function<void(Result<std::vector<ActionEffect>>)> done) override;
  void status(std::function<void(std::vector<DestinationStatus>)> done) override;
  void status_of(queue::QueueId id, std::function<void(std::vector<DestinationStatus>)> done) override;
  void reconfigured() override;
  void login_changed(const std::string& name) override;

  // Recovery found a message whose handling crashed the daemon (`death` says how): it is held, and kept from all workers until an operator
  // releases, returns or removes it. Any thread.
  void set_aside(const queue::Message& message, const std::string& death);
  // Reads a message that recovery found, and delivers it like others.
  void take_up(queue::QueueId id);
  std::size_t count_set_aside() const { return set_aside_.size(); }
  // The number of destinations known to all workers. Call it only while no worker runs.
  std::size_t known_destinations() const;
  // The number of moves of jobs between workers. Any thread.
  std::uint64_t moved_jobs() const { return moved_jobs_; }

  // Outages of this host, its connections to mail hosts, and the memory used for messages. Any thread.
  const Outages& outages() const { return *outages_; }
  const transport::TargetConnections& connections() const { return *connections_; }
  Loads& loads() { return *loads_; }
  // While true no attempt begins. Any thread.
  void pause(bool paused);
  // Begins no new attempts; those whose message is not on its way are left, as if they had not been begun. `idle` is called, on some
  // worker's thread, once the others have ended, and all outcomes are durable and reported.
  void stop(std::function<void()> idle);

 private:
  SiteClaim claim_site(const std::string& key, std::size_t worker) override;
  SiteClaim claim_elsewhere(const std::string& key, std::size_t worker) override;
  void leave_site(const std::string& key, std::size_t worker) override;
  void place_destination(routing::DestinationRef name, std::size_t worker) override;
  void forget_destination(routing::DestinationRef name, std::size_t worker) override;
  void move_job(NewJob job) override;
  void readmit(const queue::Message& message) override;

  void leave(queue::QueueId id, std::set<std::string> destinations, std::function<void(LeftJobs)> done);
  void route_job(NewJob job);
  void apply(queue::ActionKind action, std::vector<queue::QueueId> ids, std::function<void(Result<std::vector<ActionEffect>>)> done);
  // Calls `visit` on each worker's thread, then `finish` on the thread of the last one.
  std::vector<queue::QueueId> acted_on_set_aside(queue::ActionKind action, const std::vector<queue::QueueId>& ids);
  void gather_rows(std::function<std::vector<DestinationStatus>(Worker&)> rows_of,
                   std::function<void(std::vector<DestinationStatus>)> finish);
  void visit_all(std::function<void(Worker&)> visit, std::function<void()> finish);
  void wait_until_idle(std::function<void()> idle);
  void make_outages();

  DispatcherServices services_;
  std::atomic<std::uint64_t> moved_jobs_ = 0;
  bool paused_ = false;  // the latest value
  SetAside set_aside_;
  std::unique_ptr<Loads> loads_;
  std::unique_ptr<Notices> notices_;
  std::unique_ptr<Returns> returns_;
  std::unique_ptr<Regrouping> regrouping_;
  const std::unique_ptr<transport::Forwarder> forwarder_;
  std::atomic<bool> has_senders_ = false, keeps_mail_ = true;  // from the latest configuration
  std::vector<std::unique_ptr<net::Connector>> connectors_;
  std::unique_ptr<OutageRecord> outage_record_;
  std::unique_ptr<OutageProbes> outage_probes_;
  std::unique_ptr<Outages> outages_;
  const std::unique_ptr<sts::Lookups> sts_;
  const std::unique_ptr<Placement> placement_;
  const std::shared_ptr<transport::TargetConnections> connections_;  // shared with the transports and their sessions
  std::vector<std::unique_ptr<transport::Transport>> transports_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace mxpress::mta::delivery
