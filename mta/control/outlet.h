// Where the answer to a control request goes, and how its work is spread.
#pragma once

#include <cstdint>
#include <functional>

#include "mta/control/messages.h"

namespace mxpress::mta::control {

class ControlOutlet {
 public:
  virtual ~ControlOutlet() = default;
  // Takes one response. False: nobody listens any more.
  virtual bool send(const control_pb::Response& response) = 0;
  // So much work has been done for this answer, in the units of WorkLimits.
  virtual void charge(std::uint64_t) {}
  // The client has not taken what was sent: nothing large should be kept in memory for it.
  virtual bool client_lags() { return false; }
  // Others wait for their turn.
  virtual bool turn_is_over() { return false; }
  // Waits until the client has taken everything and there is a turn; called with nothing large in memory, before the first
  // piece of work, too. False: nobody listens any more.
  virtual bool pause() { return true; }
};

// Takes one response; false: nobody listens any more.
using ControlSink = std::function<bool(const control_pb::Response&)>;

// Of somebody who takes everything at once.
class SinkOutlet final : public ControlOutlet {
 public:
  explicit SinkOutlet(const ControlSink& sink) : sink_(sink) {}
  bool send(const control_pb::Response& response) override { return sink_(response); }

 private:
  const ControlSink& sink_;
};

}  // namespace mxpress::mta::control
