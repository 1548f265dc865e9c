// After a reload: jobs of messages whose senders give them another way now.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "dns/async.h"
#include "mta/delivery/forward.h"
#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::mta::delivery {

// What became of a message's jobs at destinations that are no more its own.
struct LeftJobs {
  bool had_any = false;   // they are gone
  bool are_busy = false;  // or a delivery is at one of them
};

// Goes through the whole queue, one message after the other, and has its jobs made again where they are at the wrong destination. Mail that
// a delivery is at comes later, so that no recipient has two. Thread: that of `io`, but for begin() and stop().
class Regrouping {
 public:
  struct Parts {
    asio::io_context& io;
    queue::MessageStore& spool;
    const CurrentConfig& config;
    fairness::FileTurns* files;  // null: the disk is read at once
  };
  struct Actions {
    // Of all workers: removes the jobs of a message at other destinations than these.
    std::function<void(proto::QueueId, std::set<std::string>, std::function<void(LeftJobs)>)> leave;
    std::function<void(const queue::Message&)> readmit;
  };
  Regrouping(Parts parts, Actions actions) : parts_(parts), actions_(std::move(actions)) {}

  // By the configuration in force; if it goes through the queue already, from the beginning again. Any thread.
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
