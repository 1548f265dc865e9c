// The messages that a peer may see: selected, loaded one by one, and told in pieces.
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

// For one request. Memory: one message at a time with what is known of its destinations, and none while the client does not read. What it
// refers to outlives it.
class VisibleMessages {
 public:
  enum class Which { waiting, all };  // messages that have not ended, or all
  enum class Attempts { told, left_out };
  static constexpr std::uint64_t kIdsOfUnit = 100;   // so many ids looked up are a unit of WorkLimits
  static constexpr std::uint64_t kRowsOfUnit = 100;  // so many rows of workers that are asked for again

  VisibleMessages(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                  ControlOutlet& outlet);
  ~VisibleMessages();

  // Decided from memory: mail of others is as good as not there, and takes as long.
  bool may_see(proto::QueueId id) const;
  // Error: whatever is wrong, the peer sees nothing of it.
  Result<queue::Message> load(proto::QueueId id);
  // Calls `use` for each message that is selected and may be seen; stops when it says false. Their number.
  std::uint64_t for_each(const control_pb::Selector& selector, Which which, const std::function<bool(queue::Message)>& use);
  // Tells all of one message. False: nobody listens any more.
  bool tell(queue::Message loaded, Attempts attempts);
  // Waits for a turn where there is none. False: nobody listens any more.
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
