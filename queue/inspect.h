// The spool without the daemon: to look at it, and to leave actions for its next start.
#pragma once

#include <memory>
#include <vector>

#include "queue/disk.h"
#include "queue/finding.h"
#include "queue/message_store.h"

namespace mxpress::queue {

// A spool's directory, read and never written. While it exists no daemon can start on it.
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

// The spool taken over while no daemon runs, to act on what waits in it. Its lock is exclusive from open() to the end, so that what was
// looked at is what is acted on.
class Possession : public Inspection {
 public:
  // Recovers the spool as the daemon would. Error as above.
  static Result<std::unique_ptr<Possession>> open(Disk& disk, const Path& directory);

  // Durable when it returns. For each message, in the same order: whether there is such a message. Error, transient: the disk does not
  // take it; then some may have been acted on.
  virtual Result<std::vector<bool>> act(ActionKind action, const std::vector<QueueId>& messages) = 0;
};

}  // namespace mxpress::queue
