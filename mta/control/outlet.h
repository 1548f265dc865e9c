// The destination of an answer to a control request, and the distribution of its work.
#pragma once

#include <cstdint>
#include <functional>

#include "mta/control/messages.h"

namespace mxpress::mta::control {

class ControlOutlet {
 public:
  virtual ~ControlOutlet() = default;
  // Takes one response. False: nobody reads any more.
  virtual bool send(const control_pb::Response& response) = 0;
  // Charges work for this answer, in the units of WorkLimits.
  virtual void charge(std::uint64_t) {}
  // True if the client has not read everything sent: keep nothing large in memory for it.
  virtual bool client_lags() { return false; }
  // True if others wait for their turn.
  virtual bool turn_is_over() { return false; }
  // Waits until the client has read everything and there is a turn; called with nothing large in memory, also before the first piece of
  // work. False: nobody reads any more.
  virtual bool pause() { return true; }
  // Sends what was sent so far and gives the turn up, for an answer that has to wait for something else. False: the client has gone, or
  // does not read.
  virtual bool rest() { return true; }
};

// Takes one response; false: nobody reads any more.
using ControlSink = std::function<bool(const control_pb::Response&)>;

// For a receiver that takes everything at once.
class SinkOutlet final : public ControlOutlet {
 public:
  explicit SinkOutlet(const ControlSink& sink) : sink_(sink) {}
  bool send(const control_pb::Response& response) override { return sink_(response); }

 private:
  const ControlSink& sink_;
};

}  // namespace mxpress::mta::control
