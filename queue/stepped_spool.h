// A spool without threads: its owner takes each step. For actions without the daemon, tests and simulations.
#pragma once

#include <memory>

#include "queue/spool.h"

namespace mxpress::queue {

// Nothing is written but by the functions below, recover() and the destructor, which makes a last commit. Callbacks run on their caller's
// thread.
class SteppedSpool : public Spool {
 public:
  // As Spool::open().
  static Result<std::unique_ptr<SteppedSpool>> open(Disk& disk, SpoolOptions options);

  // One write and one sync for all that wait, and the housework; true if there was something to write.
  virtual bool commit_batch() = 0;
  // As the committer does with outcomes: one write of all that waits, synced only if a message is among it.
  virtual bool write_batch() = 0;
  // Removes the oldest segments as far as journal_size asks.
  virtual void checkpoint() = 0;
};

}  // namespace mxpress::queue
