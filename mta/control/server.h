// The control socket: lets mxpress look at the queue and act on it. Everybody may connect; the kernel says who it is.
#pragma once

#include <boost/filesystem/path.hpp>
#include <memory>
#include <string>

#include "mta/control/places.h"
#include "mta/control/shares.h"
#include "mta/system/descriptor.h"
#include "proto/result.h"

namespace mxpress::mta::control {

class ControlBackend;

struct ControlServerOptions {
  boost::filesystem::path socket;
  std::string group = "mxpress";                       // its members may do everything, as root and our own user may
  std::chrono::milliseconds request_patience{10'000};  // for a whole request
  // Until the client has taken the next piece, of at most kMostKept octets. A person who may do everything may be paging through it.
  std::chrono::milliseconds response_patience{10'000}, response_patience_of_operators{300'000};
  ConnectionLimits connections;
  WorkLimits work;                                          // of users who may not do everything
  WorkLimits work_of_operators{1e12, 1e12, 1e12, 1e12, 2};  // two answers at a time, as long as they take
};

// Threads of its own (one that accepts, one a connection), because what it reads may block; a worker never waits for it.
class ControlServer {
 public:
  // Serves `passed`, which listens already, if it is open. Else makes the socket with mode 0666, in the place of one that nobody listens on
  // any more. The backend must outlive the server.
  static Result<std::unique_ptr<ControlServer>> open(ControlServerOptions options, ControlBackend& backend, system::Descriptor passed = {});
  // Ends all connections and waits for their threads; removes the socket that it made.
  virtual ~ControlServer() = default;
};

}  // namespace mxpress::mta::control
