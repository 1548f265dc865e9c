// A worker: one shard of the schedule with its sites, on one thread. Chooses the next job, delivers it, and settles it.
#pragma once

#include <atomic>
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
namespace mxpress::mta::sts {
class Lookup;
}

namespace mxpress::mta::delivery {

struct LeftJobs;
struct NewJob;

// The services that a worker uses; all of them must outlive the worker.
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
  system::CrashRecord::Region* handled = nullptr;  // notes the message in progress; null: not noted
  std::size_t many_destinations = kManyDestinations;
  rates::RateLimits* limits = nullptr;         // null: no route has one
  Outages* outages = nullptr;                  // null: outages are not detected
  sts::Lookup* sts = nullptr;                  // null: no MTA-STS
  std::atomic<std::uint32_t>* busy = nullptr;  // see Placement; null: nobody wants to know
  std::size_t workers = 1;                     // of the daemon
};

// Thread: that of its io_context, except for the constructor.
class Worker {
 public:
  Worker(std::size_t index, WorkerServices services, std::shared_ptr<dns::Resolver> resolver, std::uint64_t seed);
  ~Worker();

  boost::asio::io_context& io();
  void add(const NewJob& job);
  // Restores the backoff of an earlier run: of a lookup, or of a site that this worker owns.
  void restore_site(const queue::SiteRecord& site);
  // The spool has recorded the action; returns for each message whether it is here and whether it is in flight.
  std::vector<ActionEffect> acted(queue::ActionKind action, const std::vector<queue::QueueId>& messages);
  std::vector<DestinationStatus> status() const;
  std::vector<DestinationStatus> status_of(queue::QueueId message) const;
  void reconfigured(std::shared_ptr<const Config> config, std::shared_ptr<dns::Resolver> resolver);
  // See Backoffs.
  void login_changed(std::string_view name);
  // See SiteOutages.
  void outage_changed();
  // Removes the jobs of a message at destinations other than these, unless a delivery is in progress.
  LeftJobs leave(queue::QueueId message, const std::set<std::string>& destinations);
  // While true no attempt begins; due jobs wait.
  void pause(bool paused);
  // Begins no new attempts, and hands nothing more over.
  void stop();
  // Deliveries that the stop waits for.
  std::size_t handing_over() const;
  // Outcomes that are not durable or not reported yet.
  std::size_t unrecorded() const;
  std::size_t known_destinations() const;

 private:
  class Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace mxpress::mta::delivery
