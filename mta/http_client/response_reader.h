// Reads one response from octets in pieces of any size, by Boost.Beast. Knows no sockets. RFC 9112.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "mta/http_client/message.h"

namespace mxpress::mta::http_client {

class ResponseReader {
 public:
  static constexpr std::size_t kMaxHeader = 64 * 1024;   // octets
  static constexpr std::size_t kMaxContent = 64 * 1024;  // octets
  static constexpr std::size_t kMaxOctets = 4 << 20;     // with chunk framing and all trailers
  static constexpr int kMaxInterim = 10;                 // 1xx responses before the final one

  ResponseReader();
  ~ResponseReader();

  // Returns true if the response is complete; later octets are ignored. An Error: it is not HTTP, or over a limit.
  Result<bool> feed(std::string_view octets);
  // The host has closed. An Error: the response is not complete.
  Status end();
  // Call once, when it is complete.
  Response take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mxpress::mta::http_client
