// After a reload: moves jobs of messages whose senders are routed differently now.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "dns/async.h"
#include "mta/delivery/forward.h"
#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::mta::delivery {

// The result for a message's jobs at destinations that are no longer its own.
struct LeftJobs {
  bool had_any = false;   // they were removed
  bool are_busy = false;  // one of them has a delivery in progress
};

// Goes through the whole queue, one message after the other, and makes jobs at wrong destinations again at the right ones. Mail with a
// delivery in progress comes later, so that no recipient has two jobs. Thread: that of `io`, except begin() and stop().
class Regrouping {
 public:
  struct Parts {
    asio::io_context& io;
    queue::MessageStore& spool;
    const CurrentConfig& config;
    fairness::FileTurns* files;  // null: the disk is read at once
  };
  struct Actions {
    // For all workers: removes the jobs of a message at destinations other than these.
    std::function<void(proto::QueueId, std::set<std::string>, std::function<void(LeftJobs)>)> leave;
    std::function<void(const queue::Message&)> readmit;
  };
  Regrouping(Parts parts, Actions actions) : parts_(parts), actions_(std::move(actions)) {}

  // Uses the current configuration; if it is running already, it starts from the beginning. Any thread.
  void begin();
  // Any thread.
  void stop();

 private:
  Task<void> run();
  Task<void> run_once();
  Task<bool> regroup(proto::QueueId id);
  Task<Result<queue::Message>> load(proto::QueueId id);
  Task<LeftJobs> leave(proto::QueueId id, std::set<std::string> names);

  const Parts parts_;
  const Actions actions_;
  bool is_running_ = false, is_wanted_ = false, is_stopping_ = false;
};

}  // namespace mxpress::mta::delivery
