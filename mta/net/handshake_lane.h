// One thread of low priority for costly handshakes, so that they do not block a worker and its other sessions.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <functional>

#include "dns/async.h"
#include "mta/net/tls_engine.h"
#include "proto/result.h"

namespace mxpress::mta::net {

// Thread: any.
class HandshakeLane {
 public:
  static constexpr std::size_t kMaxWaiting = 8;  // at most two seconds of computing

  ~HandshakeLane() { stop(); }
  // Runs `step` on the lane's thread; the result arrives on the caller's executor. Fails at once if kMaxWaiting steps wait: costly
  // handshakes must not make each other time out, because a host whose handshake has timed out gets clear text.
  Task<Result<TlsEngine::Step>> run(std::function<TlsEngine::Step()> step);
  // Ends the thread; waiting steps are dropped.
  void stop();

 private:
  std::atomic<std::size_t> waiting_{0};
  asio::thread_pool thread_{1};
};

}  // namespace mxpress::mta::net
