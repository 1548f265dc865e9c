// The control socket: mxpress reads the queue and acts on it. Everybody may connect; the kernel identifies the peer.
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
  std::string group = "mxpress";                       // its members have all rights, like root and our own user
  std::chrono::milliseconds request_patience{10'000};  // for a complete request
  // Time for the client to read the next piece, of at most kMostKept octets. An operator may be paging through the output.
  std::chrono::milliseconds response_patience{10'000}, response_patience_of_operators{300'000};
  ConnectionLimits connections;
  WorkLimits work;                                          // for users with limited rights
  WorkLimits work_of_operators{1e12, 1e12, 1e12, 1e12, 2};  // two answers at a time, without a limit on time
};

// Has threads of its own (one that accepts, one per connection), because its reads may block; a worker never waits for it.
class ControlServer {
 public:
  // Serves `passed`, a listening socket, if it is open. Otherwise creates the socket with mode 0666, replacing one without a listener. The
  // backend must outlive the server.
  static Result<std::unique_ptr<ControlServer>> open(ControlServerOptions options, ControlBackend& backend, system::Descriptor passed = {});
  // Ends all connections and waits for their threads; removes the socket if it created it.
  virtual ~ControlServer() = default;
};

}  // namespace mxpress::mta::control
