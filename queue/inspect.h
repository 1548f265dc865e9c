// Access to the spool without the daemon: reads it, and leaves actions for the next start of the daemon.
#pragma once

#include <memory>
#include <vector>

#include "queue/disk.h"
#include "queue/finding.h"
#include "queue/message_store.h"

namespace mxpress::queue {

// A spool's directory, opened for reading only. While it exists no daemon can start on it.
class Inspection {
 public:
  // Takes a shared lock. Error, transient: the daemon has it (the message names the process), or it cannot be read; permanent: no spool.
  static Result<std::unique_ptr<Inspection>> open(Disk& disk, const Path& directory);
  virtual ~Inspection() = default;

  virtual std::vector<QueueId> ids(bool with_ended) const = 0;  // as Spool::ids()
  virtual Result<Message> load(QueueId id) const = 0;           // as Spool::load()
  virtual std::vector<SiteRecord> sites() const = 0;
  virtual std::vector<Finding> findings() const = 0;
};

// The spool, taken over while no daemon runs, to act on its messages. It holds an exclusive lock from open() to the end, so that the
// messages do not change between reading and acting.
class Possession : public Inspection {
 public:
  // Recovers the spool as the daemon would. Error as above.
  static Result<std::unique_ptr<Possession>> open(Disk& disk, const Path& directory);

  // Durable when it returns. Returns for each message, in the same order, whether it exists. Error, transient: the disk refuses; then some
  // actions may have been done.
  virtual Result<std::vector<bool>> act(ActionKind action, const std::vector<QueueId>& messages) = 0;
};

}  // namespace mxpress::queue
