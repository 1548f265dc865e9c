// Gives each job its part of the message: read, or shared with others.
#pragma once

#include <functional>

#include "dns/async.h"
#include "mta/delivery/forward.h"
#include "mta/delivery/share.h"
#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::mta::delivery {

enum class Need;

// Thread: the worker's; reads happen on the file pool.
class JobLoader {
 public:
  struct Parts {
    asio::io_context& io;
    queue::Schedule& schedule;
    Destinations& destinations;
    const CurrentConfig& config;
    queue::MessageStore& spool;
    events::Hub& events;
    fairness::FileTurns* files;  // null: the disk is read at once
    Loads& loads;
    Ownership& ownership;
  };
  struct Actions {
    std::function<void(JobIndex)> wait_after_failure;  // if the message cannot be read now
    std::function<void(JobIndex, DestinationIndex, Share, transport::AttemptReport)> settle;
  };
  JobLoader(Parts parts, Actions actions) : parts_(parts), actions_(std::move(actions)) {}

  // For a leased job: its message with recipients that are still pending at its destination. None: the job has been handled, because the
  // message cannot be read or is damaged, or nothing is pending there any more.
  Task<Share> load(JobIndex job, DestinationIndex destination, Need need);

 private:
  bool has_pending(const queue::Message& message, DestinationIndex destination) const;
  void unreadable(JobIndex job, const Error& error);
  void content_unreadable(JobIndex job, DestinationIndex destination, Share share, const Error& error);
  Task<void> nothing_pending(JobIndex job, const Share& share);

  const Parts parts_;
  const Actions actions_;
};

}  // namespace mxpress::mta::delivery
