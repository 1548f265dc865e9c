// A spool without threads: its owner takes each step. For actions without the daemon, tests and simulations.
#pragma once

#include <memory>

#include "queue/spool.h"

namespace mxpress::queue {

// Only the functions below, recover() and the destructor (which makes a last commit) write. Callbacks run on their caller's
// thread.
class SteppedSpool : public Spool {
 public:
  // Like Spool::open().
  static Result<std::unique_ptr<SteppedSpool>> open(Disk& disk, SpoolOptions options);

  // One write and one sync for all waiting operations, and the housework; true if there was something to write.
  virtual bool commit_batch() = 0;
  // Like the committer for outcomes: one write of all waiting operations, synced only if a message is among them.
  virtual bool write_batch() = 0;
  // Removes the oldest segments until the journal fits journal_size.
  virtual void checkpoint() = 0;
};

}  // namespace mxpress::queue
