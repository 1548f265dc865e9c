// Messages that were accepted only to be returned to their sender: Envelope::refused.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

#include "proto/queue_id.h"

namespace mxpress::queue {
class MessageStore;
struct Message;
}  // namespace mxpress::queue

namespace mxpress::mta {
class CurrentConfig;
namespace events {
class Hub;
}
}  // namespace mxpress::mta

namespace mxpress::mta::delivery {

// Any thread. Must outlive the spool's calls.
class Returns {
 public:
  struct Parts {
    queue::MessageStore& spool;
    const CurrentConfig& config;
    events::Hub& events;
    std::function<void(proto::QueueId)> add_notice;  // this message has notices to compose
  };
  explicit Returns(Parts parts) : parts_(std::move(parts)) {}

  // Fails all its pending recipients, for the reason in its envelope. If that is not durable before the daemon ends, the next start calls
  // it again: the message is sent to nobody.
  void bounce(const queue::Message& message);
  // The number of returns that are not durable or not reported yet.
  std::size_t under_way() const { return under_way_; }

 private:
  Parts parts_;
  std::atomic<std::size_t> under_way_ = 0;
};

}  // namespace mxpress::mta::delivery
