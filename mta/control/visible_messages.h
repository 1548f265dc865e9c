// The messages that a peer may see: selected, loaded one by one, and sent in parts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "mta/control/messages.h"
#include "mta/control/outlet.h"
#include "mta/control/peer.h"
#include "proto/queue_id.h"
#include "proto/result.h"
#include "proto/time.h"

namespace mxpress::queue {
struct Message;
}

namespace mxpress::mta::control {

class ControlBackend;
class ControlView;

// For one request. Memory: one message at a time with the data of its destinations, and none while the client does not read. All that it
// refers to must outlive it.
class VisibleMessages {
 public:
  enum class Which { waiting, all };  // messages that have not ended, or all
  enum class Attempts { told, left_out };
  static constexpr std::uint64_t kIdsOfUnit = 100;   // this many looked-up ids are a unit of WorkLimits
  static constexpr std::uint64_t kRowsOfUnit = 100;  // this many rows requested again from workers

  VisibleMessages(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                  ControlOutlet& outlet);
  ~VisibleMessages();

  // Decided from memory: a foreign message counts as nonexistent, and takes the same time.
  bool may_see(proto::QueueId id) const;
  // The Error never shows the peer the details of a problem.
  Result<queue::Message> load(proto::QueueId id);
  // Calls `use` for each selected message that may be seen, until it returns false. Returns their number.
  std::uint64_t for_each(const control_pb::Selector& selector, Which which, const std::function<bool(queue::Message)>& use);
  // Sends all of one message. False: nobody reads any more.
  bool tell(queue::Message loaded, Attempts attempts);
  // Waits for a turn if there is none. False: nobody reads any more.
  bool may_go_on();

 private:
  bool wait_for_client();
  bool is_own(const queue::Message& message) const;
  std::vector<proto::QueueId> candidates(const control_pb::Selector& selector);

  const ControlPeer& peer_;
  ControlBackend& backend_;
  const WallTime now_;
  ControlOutlet& outlet_;
  const std::unique_ptr<ControlView> view_;
};

}  // namespace mxpress::mta::control
