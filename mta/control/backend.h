// The data source of control requests: the running daemon's spool and delivery, or the spool alone when the daemon is down.
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

namespace mxpress::mta::history {
class Search;
}
namespace mxpress::mta::events {
class Followers;
}

namespace mxpress::mta::control {

struct DaemonStatus {
  bool running = false;
  WallTime started{};
  queue::SpoolCounters counters;
  std::vector<std::string> failures;  // problems for an operator
  events::Counts counts{};
  std::vector<events::Hub::Loss> losses{};  // of each sink
  std::vector<records::KeyStatus> keys{};   // of signing keys
  std::vector<rates::AccountStatus> limits{};
  std::vector<delivery::OutageStatus> outages{};  // current ones
  std::vector<std::string> refused_logins{};      // from `failures`: providers at which this host cannot sign in
  events::HourCounts hour{};
  std::string dane{};                              // whether it is on, for people
  std::string policies{};                          // how many MTA-STS policies are kept, for people
  std::string last_policy_failure{};               // for operators alone: it names a domain that somebody writes to
  std::vector<delivery::ProviderUse> providers{};  // to which connections are open, or awaited
};

// Every function may block, and may be called from several threads at once.
class ControlBackend {
 public:
  virtual ~ControlBackend() = default;
  // Error (transient): not all mail is known yet, and the reason. Waits a while for it.
  virtual Status ready() { return {}; }
  virtual std::vector<queue::QueueId> ids() = 0;  // of messages that have not ended, oldest first
  // The number of ids().
  virtual std::uint64_t message_count() { return ids().size(); }
  // Those of this local user.
  virtual std::vector<queue::QueueId> ids_of(uid_t uid) = 0;
  // The remembered ended messages, the latest first; and those of this local user.
  virtual std::vector<queue::QueueId> ended() { return {}; }
  virtual std::vector<queue::QueueId> ended_of(uid_t) { return {}; }
  // True if this user owns the message, even an ended one. Takes the same time for a foreign message and for none.
  virtual bool owns(uid_t uid, queue::QueueId id) = 0;
  virtual Result<queue::Message> load(queue::QueueId id) = 0;
  // Durable when it returns; one effect per id.
  virtual Result<std::vector<delivery::ActionEffect>> act(queue::ActionKind action, std::vector<queue::QueueId> ids) = 0;
  // Gives an event to the daemon's sinks; without a daemon there are none.
  virtual void tell(const events::Event&) {}
  virtual Result<std::vector<delivery::DestinationStatus>> destinations() = 0;
  // The data of one message's destinations: next_probe, last and flights; perhaps of others, too.
  virtual Result<std::vector<delivery::DestinationStatus>> status_of(queue::QueueId) { return destinations(); }
  virtual DaemonStatus status() = 0;
  // The time when the oldest message that has not ended was submitted.
  virtual std::optional<WallTime> oldest();
  // The same for messages that wait for delivery and are not held. Looks at all waiting messages.
  virtual std::optional<WallTime> waiting_since();
  virtual Status reload() = 0;
  virtual std::shared_ptr<const Config> config() = 0;  // a snapshot
  // Null: there is none.
  virtual const history::Search* history() { return nullptr; }
  // What was said in attempts that failed. Null: it is not known.
  virtual const history::Search* dialogues() { return nullptr; }
  // Null: nothing happens, because no daemon runs.
  virtual events::Followers* followers() { return nullptr; }
};

}  // namespace mxpress::mta::control
