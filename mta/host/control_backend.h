// What control requests are answered from: the running daemon's spool and delivery, or the spool alone when the daemon is down.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mta/delivery/deliverer.h"
#include "queue/message.h"
#include "queue/spool.h"

namespace mxpress::mta::host {

struct DaemonStatus {
  bool running = false;
  WallTime started{};
  queue::SpoolCounters counters;
  std::vector<std::string> troubles;  // what an operator has to look at
};

// Every function may block, and be called from several threads at once.
class ControlBackend {
 public:
  virtual ~ControlBackend() = default;
  // Error (transient): not all mail is known yet, and why; waits for it a while.
  virtual Status ready() { return {}; }
  virtual std::vector<queue::QueueId> ids() = 0;  // of what has not ended, oldest first
  virtual Result<queue::Message> load(queue::QueueId id) = 0;
  // Durable when it returns; one effect per id.
  virtual Result<std::vector<delivery::ActionEffect>> act(queue::ActionKind action, std::vector<queue::QueueId> ids) = 0;
  virtual Result<std::vector<delivery::DestinationStatus>> destinations() = 0;
  virtual DaemonStatus status() = 0;
  virtual Status reload() = 0;
  virtual std::shared_ptr<const Config> config() = 0;  // a snapshot
};

}  // namespace mxpress::mta::host
