// The control socket: lets mxpress look at the queue and act on it. Everybody may connect; the kernel says who it is.
#pragma once

#include <boost/filesystem/path.hpp>
#include <memory>
#include <string>

#include "mta/host/control_backend.h"
#include "proto/result.h"

namespace mxpress::mta::host {

struct ControlServerOptions {
  boost::filesystem::path socket;
  std::string group = "mxpress";                         // its members may do everything, as root and our own user may
  std::chrono::milliseconds request_patience{10'000};    // for a whole request
  std::chrono::milliseconds response_patience{300'000};  // until the client takes the next piece: a person may be paging through it
  std::size_t max_connections = 16;
  std::size_t max_of_others = 8;    // of those, for users who may not do everything...
  std::size_t max_of_one_user = 3;  // ...and for each of them
};

// Threads of its own (one that accepts, one a connection), because what it reads may block; a worker never waits for it.
class ControlServer {
 public:
  // Makes the socket with mode 0666, in the place of one that nobody listens on any more. The backend must outlive the server.
  static Result<std::unique_ptr<ControlServer>> open(ControlServerOptions options, ControlBackend& backend);
  // Ends all connections and waits for their threads; removes the socket.
  virtual ~ControlServer() = default;
};

}  // namespace mxpress::mta::host
