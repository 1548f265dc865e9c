// Asks HTTPS hosts on the thread of the caller, which may wait: the only TLS that goes over it is verified, redirects are not followed.
#pragma once

#include <chrono>
#include <memory>

#include "mta/http_client/message.h"
#include "mta/http_client/reach.h"

namespace mxpress::dns {
struct StubConfig;
}

namespace mxpress::mta::http_client {

// Thread: one at a time calls send().
class Client {
 public:
  static constexpr std::chrono::seconds kTimeout{30};  // of a whole exchange
  static constexpr std::chrono::seconds kLastPatience{10};

  explicit Client(dns::StubConfig dns);
  ~Client();

  // Blocks for kTimeout at most. Each Error is transient: Exchange::run().
  Result<Response> send(Request request, const Reach& reach);
  // send() ends at once, now and later; where the request is on its way, when the answer is there, or after kLastPatience: what was asked
  // for may have happened, and nobody could ask for it again. Any thread.
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mxpress::mta::http_client
