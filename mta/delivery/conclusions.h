// Ends jobs without trying a host: expired mail, and mail of a destination whose lookup has failed.
#pragma once

#include <deque>
#include <unordered_map>

#include "dns/async.h"
#include "mta/delivery/conclusion.h"
#include "mta/delivery/forward.h"
#include "mta/fairness/fair_budget.h"
#include "mta/system/crash_record.h"
#include "proto/queue_id.h"

namespace mxpress::mta::delivery {

// Thousands of jobs of one message may be concluded at about the same time: they form a line, and only one of them is processed at a time.
// Thread: the worker's.
class Conclusions {
 public:
  struct Parts {
    asio::io_context& io;
    queue::Schedule& schedule;
    Destinations& destinations;
    SiteTable& sites;
    const CurrentConfig& config;
    queue::MessageStore& spool;
    DeliveryRoom& room;
    JobLoader& loader;
    Leases& leases;
    system::CrashRecord::Region* handled;  // notes the message in progress; null: not noted
  };
  explicit Conclusions(Parts parts) : parts_(parts) {}

  // Reserves a place for mail that expires, for conclude(): limited in all, with shares for owners. Nullopt: not now.
  std::optional<fairness::Owner> place_for(proto::QueueId message);
  // Concludes a leased job soon.
  void conclude(Conclusion conclusion);
  // Concludes it now. A bug costs this attempt, not the job.
  Task<void> conclude_in_turn(Conclusion conclusion);
  // Stops the lines of messages with many jobs.
  void stop() { stopping_ = true; }

 private:
  void spawn(Task<void> task);
  Task<void> conclude_line(proto::QueueId message);
  Task<void> conclude_job(Conclusion conclusion);

  static constexpr std::uint64_t kAtATime = 1'000;  // for expiring mail

  const Parts parts_;
  fairness::FairBudget places_{kAtATime};
  std::unordered_map<proto::QueueId, std::deque<Conclusion>> lines_;  // of messages with many jobs
  bool stopping_ = false;
};

}  // namespace mxpress::mta::delivery
