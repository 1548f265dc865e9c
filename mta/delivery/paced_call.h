// A function that is called soon after it is asked for, but not too often.
#pragma once

#include <functional>

#include "dns/async.h"
#include "mta/system/instant.h"

namespace mxpress::mta::delivery {

using queue::Instant;

// Thread: ask() any; stop(), and the call, that of `io`. Outlives the handlers of `io`.
class PacedCall {
 public:
  // At least `gap` between two calls.
  PacedCall(asio::io_context& io, Duration gap, std::function<void()> call) : io_(io), gap_(gap), call_(std::move(call)), timer_(io) {}

  // Any number of requests until the next call are one.
  void ask();
  // No further call.
  void stop();

 private:
  void arm();

  asio::io_context& io_;
  const Duration gap_;
  const std::function<void()> call_;
  Timer timer_;
  bool is_due_ = false, is_stopped_ = false;
  Instant next_ = Instant::min();  // not before
};

}  // namespace mxpress::mta::delivery
