// Sends HTTPS requests on the caller's thread, which waits. TLS is always verified; redirects are not followed.
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

  // Blocks for at most kTimeout. Each Error is transient: Exchange::run().
  Result<Response> send(Request request, const Reach& reach);
  // Ends send() at once, now and later. If the request is being sent, send() ends with the response, or after kLastPatience: the request
  // may have taken effect, and could not be repeated. Any thread.
  void stop();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mxpress::mta::http_client
