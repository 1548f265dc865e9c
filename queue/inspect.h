// The spool without the daemon: to look at it, and to leave actions for its next start.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "queue/spool.h"

namespace mxpress::queue {

// A spool's directory, read and never written. While it exists no daemon can start on it.
class Inspection {
 public:
  // Takes a shared lock. Error, transient: the daemon has it (the message names the process), or it cannot be read; permanent: no spool.
  static Result<std::unique_ptr<Inspection>> open(Disk& disk, const boost::filesystem::path& directory);
  virtual ~Inspection() = default;

  virtual std::vector<QueueId> ids(bool with_ended) const = 0;  // as Spool::ids()
  virtual Result<Message> load(QueueId id) const = 0;           // as Spool::load()
  virtual std::vector<SiteRecord> sites() const = 0;
  virtual std::vector<std::string> findings() const = 0;  // damage and oddities, for people
};

// Becomes the spool's owner for a moment and records the action, durably, in a fresh journal segment.
// Error, transient: the daemon has the spool; permanent: a message is unknown (the others are acted on).
Status apply_actions(Disk& disk, const boost::filesystem::path& directory, ActionKind action, std::vector<QueueId> messages);

}  // namespace mxpress::queue
