// A worker: one shard of the schedule with the sites it owns, on one thread. Decides what is served next; delivers; settles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "mta/delivery/deliverer.h"
#include "mta/delivery/forward.h"
#include "mta/delivery/limits.h"
#include "mta/system/crash_record.h"
#include "mta/transport/transports.h"

namespace mxpress::dns {
class Resolver;
}
namespace mxpress::mta::rates {
class RateLimits;
}

namespace mxpress::mta::delivery {

struct LeftJobs;
struct NewJob;

// What a worker works with; all of it outlives the worker.
struct WorkerServices {
  boost::asio::io_context& io;
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
  rates::RateLimits* limits = nullptr;  // null: no route has one
  Outages* outages = nullptr;           // null: nobody looks for any
};

// Thread: that of its io_context, but for the constructor.
class Worker {
 public:
  Worker(std::size_t index, WorkerServices services, std::shared_ptr<dns::Resolver> resolver, std::uint64_t seed);
  ~Worker();

  boost::asio::io_context& io();
  void add(const NewJob& job);
  // Of an earlier run: of a lookup, or of a site that this worker owns.
  void restore_site(const queue::SiteRecord& site);
  // The spool has recorded the action; says of each message whether it is here and whether it is in flight.
  std::vector<ActionEffect> acted(queue::ActionKind action, const std::vector<queue::QueueId>& messages);
  std::vector<DestinationStatus> status() const;
  std::vector<DestinationStatus> status_of(queue::QueueId message) const;
  void reconfigured(std::shared_ptr<const Config> config, std::shared_ptr<dns::Resolver> resolver);
  // See Backoffs.
  void login_changed(std::string_view name);
  // See SiteOutages.
  void outage_changed();
  // Removes the jobs of a message at other destinations than these, unless a delivery is at them.
  LeftJobs leave(queue::QueueId message, const std::set<std::string>& destinations);
  // While true no attempt begins; what is due waits.
  void pause(bool paused);
  // No new attempts; those in flight go on.
  void stop();
  std::size_t in_flight() const;
  // Outcomes that are not durable or not told yet.
  std::size_t unrecorded() const;
  std::size_t known_destinations() const;

 private:
  class Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace mxpress::mta::delivery
