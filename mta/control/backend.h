// What control requests are answered from: the running daemon's spool and delivery, or the spool alone when the daemon is down.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mta/delivery/deliverer.h"
#include "mta/events/counters.h"
#include "mta/rates/status.h"
#include "mta/records/key_status.h"
#include "queue/spool_counters.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::control {

struct DaemonStatus {
  bool running = false;
  WallTime started{};
  queue::SpoolCounters counters;
  std::vector<std::string> failures;  // what an operator has to look at
  events::Counts counts{};
  std::vector<events::Hub::Loss> losses{};  // of each sink
  std::vector<records::KeyStatus> keys{};   // that sign
  std::vector<rates::AccountStatus> limits{};
  std::vector<delivery::OutageStatus> outages{};  // that last
  std::vector<std::string> refused_logins{};      // of `failures`: at which providers this host cannot sign in
  events::HourCounts hour{};
};

// Every function may block, and be called from several threads at once.
class ControlBackend {
 public:
  virtual ~ControlBackend() = default;
  // Error (transient): not all mail is known yet, and why; waits for it a while.
  virtual Status ready() { return {}; }
  virtual std::vector<queue::QueueId> ids() = 0;  // of what has not ended, oldest first
  // How many they are.
  virtual std::uint64_t message_count() { return ids().size(); }
  // Of them, those of this local user.
  virtual std::vector<queue::QueueId> ids_of(uid_t uid) = 0;
  // The ended messages that are remembered, the latest first; and those of this local user.
  virtual std::vector<queue::QueueId> ended() { return {}; }
  virtual std::vector<queue::QueueId> ended_of(uid_t) { return {}; }
  // Whether it is a message of this user, perhaps an ended one. The same work whether it is somebody else's or none.
  virtual bool owns(uid_t uid, queue::QueueId id) = 0;
  virtual Result<queue::Message> load(queue::QueueId id) = 0;
  // Durable when it returns; one effect per id.
  virtual Result<std::vector<delivery::ActionEffect>> act(queue::ActionKind action, std::vector<queue::QueueId> ids) = 0;
  // Hands an event to the daemon's sinks; without a daemon there are none.
  virtual void tell(const events::Event&) {}
  virtual Result<std::vector<delivery::DestinationStatus>> destinations() = 0;
  // What is known of the destinations of one message: next_probe, last and flights; perhaps of others, too.
  virtual Result<std::vector<delivery::DestinationStatus>> status_of(queue::QueueId) { return destinations(); }
  virtual DaemonStatus status() = 0;
  // When the oldest message that has not ended was handed in.
  virtual std::optional<WallTime> oldest();
  // The same of those that wait for their delivery, and are not held. All that waits is looked through.
  virtual std::optional<WallTime> waiting_since();
  virtual Status reload() = 0;
  virtual std::shared_ptr<const Config> config() = 0;  // a snapshot
};

}  // namespace mxpress::mta::control
