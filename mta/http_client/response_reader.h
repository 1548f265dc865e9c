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
  static constexpr std::size_t kMaxOctets = 4 << 20;     // with the frames of chunks, and all trailers
  static constexpr int kMaxInterim = 10;                 // responses 1xx in front of the one that counts

  ResponseReader();
  ~ResponseReader();

  // Whether the response is whole; what stands behind it is ignored. An Error: it is no HTTP, or over a bound.
  Result<bool> feed(std::string_view octets);
  // The host has closed. An Error: the response is not whole.
  Status end();
  // Once, when it is whole.
  Response take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mxpress::mta::http_client
