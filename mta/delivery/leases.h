// Ends the lease of a job: its outcome is recorded, or it waits for another turn.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <random>

#include "mta/delivery/forward.h"
#include "mta/delivery/pause.h"
#include "mta/delivery/share.h"
#include "proto/result.h"

namespace mxpress::mta::delivery {

// Each function takes a leased job and ends its lease, now or once the outcome is durable. Operators' requests made meanwhile take effect
// then. Thread: the worker's.
class Leases {
 public:
  struct Parts {
    boost::asio::io_context& io;
    queue::Schedule& schedule;
    Destinations& destinations;
    AgePolicy& age;
    queue::MessageStore& spool;
    events::Hub& events;
    Notices& notices;
    Loads& loads;
    std::mt19937_64& random;
  };
  struct Actions {
    std::function<void()> run_due;
    std::function<void()> arm;  // the next event may have changed
  };
  Leases(Parts parts, Actions actions) : parts_(parts), actions_(std::move(actions)) {}

  // Records the outcome of an attempt in the spool. A job is never leased again before its outcome is durable: the spool, not the memory of
  // a worker, decides which recipients still wait. Until then nothing of the message is held. `next_try`: of the site, if it backs off.
  void settle(JobIndex job, DestinationIndex destination, Share share, AttemptReport report, std::optional<WallTime> next_try);

  // The age of the job's message that counts for its lifetime.
  Duration age(JobIndex job) const;

  // Outcomes that were given to the spool and have not been reported yet.
  std::size_t unrecorded() const { return unrecorded_; }

  // For jobs for which nothing was tried: ready again now,
  void requeue(JobIndex job);
  // or later, because the message cannot be read now, or because of a bug,
  void wait_after_failure(JobIndex job);
  // or soon, because there is no room for the delivery at the moment.
  void wait_for_room(JobIndex job);

 private:
  struct Settled;
  void note_outcome(JobIndex job, const Verdict& verdict);
  void recorded(JobIndex job, Settled& settled, const Status& status);
  void end(JobIndex job, const Verdict& verdict, bool waits_for_site);
  void wait_until(JobIndex job, Instant when);

  const Parts parts_;
  const Actions actions_;
  std::size_t unrecorded_ = 0;
  Pause room_pause_{std::chrono::seconds(1), std::chrono::milliseconds(1)};
};

}  // namespace mxpress::mta::delivery
