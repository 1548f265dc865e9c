// The interface of delivery for the rest of the daemon: messages go in, outcomes go to the spool; operators view and act.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/outcome.h"
#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::proto {
struct Envelope;
}

namespace mxpress::queue {
struct Message;
struct SiteRecord;
enum class ActionKind;
using proto::QueueId;
}  // namespace mxpress::queue

namespace mxpress::mta::delivery {

// The name of the row for messages whose delivery has ended, but whose senders have not been notified yet.
inline constexpr const char* kNoticesToCompose = "notices:";
// The name of the row for messages whose handling crashed the daemon.
inline constexpr const char* kSetAside = "set aside:";

// A current outage of this host.
struct OutageStatus {
  std::string way;             // "direct", "[route.office]"
  std::string reason, advice;  // the problem, and the action to take
  WallTime since{};
};

// The connections to all mail hosts of a provider with a limit.
struct ProviderUse {
  std::string name;
  std::size_t open = 0, most = 0;  // connections; `most` is lower than the limit for a while after refusals
  std::size_t waiting = 0;         // sites whose mail waits for one
};

// An attempt in progress.
struct Flight {
  queue::QueueId message;
  WallTime since{};
  std::string host, address;  // the host being tried; empty before the first
};

// One row of `mxpress queue`: the waiting mail of one destination.
struct DestinationStatus {
  std::string destination;  // domain, literal, or "local"
  std::string site;         // first mail host, empty while unknown
  std::uint64_t messages = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t held = 0;
  WallTime oldest{};
  WallTime next_try{};                    // earliest; now when in flight
  std::optional<proto::HostResult> last;  // last failure or verdict
  // While the site or its lookup is in backoff because of `last`: the time of the one probe that all due mail waits for.
  std::optional<WallTime> next_probe{};
  std::optional<WallTime> failing_since{};  // start of the backoff, if it was in this run
  std::vector<Flight> flights{};
  std::uint64_t ending = 0;                  // messages without open recipients, which end once that is on the disk
  std::optional<WallTime> oldest_waiting{};  // like `oldest`, without held messages; nullopt: all are held
};

enum class ActionEffect {
  done,
  in_flight,  // recorded; the delivery in progress sees it at its next step: recipients accepted by the host before that are sent
  held,       // to be tried again, but it waits for its release
  unknown,    // no such message in the queue (it may have ended meanwhile)
};

// Any thread for all functions.
class Deliverer {
 public:
  virtual ~Deliverer() = default;
  // Takes a durable message of the spool. One with Envelope::refused is returned to its sender; call it then from a thread that may block.
  virtual void admit(queue::QueueId id, const proto::Envelope& envelope) = 0;
  // Takes a message, or a site's backoff, that recovery found.
  virtual void restore(const queue::Message& message) = 0;
  virtual void restore_site(const queue::SiteRecord& site) = 0;
  // Records the action in the spool (durable when `done` is called) and lets the workers see it. One effect per id, same order.
  virtual void act(queue::ActionKind action, std::vector<queue::QueueId> ids,
                   std::function<void(Result<std::vector<ActionEffect>>)> done) = 0;
  // The waiting mail, per destination; `done` is called on a worker's thread.
  virtual void status(std::function<void(std::vector<DestinationStatus>)> done) = 0;
  // The same for one message: only `next_probe`, `last` and `flights` are set. Takes time proportional to its number of destinations.
  virtual void status_of(queue::QueueId id, std::function<void(std::vector<DestinationStatus>)> done) = 0;
  // A new configuration is in use: mail deferred because of this host is tried again.
  virtual void reconfigured() = 0;
  // The login of [credentials.`name`] has changed: mail that waits because of the old one is tried now.
  virtual void login_changed(const std::string& name) = 0;
};

}  // namespace mxpress::mta::delivery
