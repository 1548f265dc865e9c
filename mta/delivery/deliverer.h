// Delivery as the rest of the daemon sees it: messages go in, outcomes go to the spool; operators look and act.
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

// The name of the row for messages whose delivery has ended, but whose senders have not been told yet.
inline constexpr const char* kNoticesToCompose = "notices:";
// The name of the row for messages that have brought the daemon down.
inline constexpr const char* kSetAside = "set aside:";

// An outage of this host that lasts.
struct OutageStatus {
  std::string way;             // "direct", "[route.office]"
  std::string reason, advice;  // what is wrong; what to do
  WallTime since{};
};

// An attempt that goes on.
struct Flight {
  queue::QueueId message;
  WallTime since{};
  std::string host, address;  // the one that is asked at this moment; empty before the first
};

// One row of `mxpress queue`: what waits for one destination.
struct DestinationStatus {
  std::string destination;  // domain, literal, or "local"
  std::string site;         // first mail host, empty while unknown
  std::uint64_t messages = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t held = 0;
  WallTime oldest{};
  WallTime next_try{};                    // earliest; now when in flight
  std::optional<proto::HostResult> last;  // last failure or verdict
  // While the site or its lookup backs off: all that is due waits for this one probe, because of `last`.
  std::optional<WallTime> next_probe{};
  std::optional<WallTime> failing_since{};  // that, if it began in this run
  std::vector<Flight> flights{};
  std::uint64_t ending = 0;                  // of the messages: nothing waits of them, and they go as soon as that is on the disk
  std::optional<WallTime> oldest_waiting{};  // like `oldest`, of those that are not held; none: all are
};

enum class ActionEffect {
  done,
  in_flight,  // recorded; a worker is at it and sees it at its next step: what the host has accepted by then is sent
  held,       // it is to be tried again, and waits for its release
  unknown,    // no such message in the queue (it may have ended meanwhile)
};

// Any thread for all functions.
class Deliverer {
 public:
  virtual ~Deliverer() = default;
  // A message that is durable in the spool. One with Envelope::refused is returned to its sender: any thread that may block, then.
  virtual void admit(queue::QueueId id, const proto::Envelope& envelope) = 0;
  // A message or a site's backoff that recovery found.
  virtual void restore(const queue::Message& message) = 0;
  virtual void restore_site(const queue::SiteRecord& site) = 0;
  // Records the action in the spool (durable when `done` is called) and lets the workers see it. One effect per id, same order.
  virtual void act(queue::ActionKind action, std::vector<queue::QueueId> ids,
                   std::function<void(Result<std::vector<ActionEffect>>)> done) = 0;
  // What waits, per destination; `done` is called on some worker's thread.
  virtual void status(std::function<void(std::vector<DestinationStatus>)> done) = 0;
  // The same for one message, by destination: only `next_probe`, `last` and `flights` are told. Takes time by its number of destinations.
  virtual void status_of(queue::QueueId id, std::function<void(std::vector<DestinationStatus>)> done) = 0;
  // A new configuration is in force: mail deferred for reasons of our own side is tried again.
  virtual void reconfigured() = 0;
  // What this host signs in with by [credentials.`name`] is another one: mail that waits because of the old one is tried now.
  virtual void login_changed(const std::string& name) = 0;
};

}  // namespace mxpress::mta::delivery
