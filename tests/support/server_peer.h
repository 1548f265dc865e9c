// The client's end of a server session in memory: octets in, octets out, with virtual time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mta/net/stream.h"

namespace mxpress::testing {

// Data shared by the test and the stream; must outlive both.
struct PeerPipe {
  explicit PeerPipe(asio::io_context& io) : arrived(io.get_executor()) {}
  void give(std::string_view bytes) {
    input.append(bytes);
    arrived.cancel();
  }
  void hang_up() {
    at_end = true;
    arrived.cancel();
  }

  std::string input;   // not yet read by the session
  std::string output;  // all output of the session
  int writes = 0;
  std::size_t piece = 1u << 20;  // maximum of one read
  bool at_end = false;
  bool closed = false;  // by the session
  BootTime deadline = BootTime::max();
  Timer arrived;
};

std::unique_ptr<mta::net::Stream> make_peer_stream(std::shared_ptr<PeerPipe> pipe);

}  // namespace mxpress::testing
