// Connects the mxpress command to the queue: by the daemon's control socket, or by the spool itself if no daemon runs.
#pragma once

#include <boost/filesystem/path.hpp>
#include <memory>

#include "mta/control/messages.h"
#include "mta/control/outlet.h"
#include "mta/control/peer.h"
#include "proto/result.h"

namespace mxpress::mta::control {
class ControlBackend;
}

namespace mxpress::mta::cli {

class ControlClient {
 public:
  virtual ~ControlClient() = default;
  // Sends the request and calls `sink` for each response, the End last. An Error: the connection broke.
  virtual Status ask(const control_pb::Request& request, const control::ControlSink& sink) = 0;
  virtual bool is_daemon() const = 0;
};

// A client of the daemon. Error (transient): the socket has no listener.
Result<std::unique_ptr<ControlClient>> connect_to_daemon(const boost::filesystem::path& socket);

// Answers from `backend` in this process.
std::unique_ptr<ControlClient> answer_here(std::unique_ptr<control::ControlBackend> backend, control::ControlPeer peer);

}  // namespace mxpress::mta::cli
