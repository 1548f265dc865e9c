// Accepts requests to run commands, from mxpressd and root only.
#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <string>
#include <thread>

#include "mta/runner/service.h"
#include "mta/system/descriptor.h"

namespace mxpress::mta::runner {

// One request per connection, each on a thread of its own: at most kMostAtOnce; further ones get an error.
class RunnerServer {
 public:
  // `listener`: a Unix socket. `stop`: readable when serve() is to end; owned by the caller. `service` must outlive
  // it.
  RunnerServer(system::Descriptor listener, int stop, const Service& service);

  // Runs until `stop`, and then ends running commands.
  void serve();

 private:
  struct Connection {
    system::Descriptor socket;
    std::atomic<bool> has_ended = false;
    std::thread thread;
  };
  void accept_one();
  void reap();

  const system::Descriptor listener_;
  const int stop_;
  const Service& service_;
  std::list<Connection> connections_;  // used by the thread of serve(); other threads know only their own entry
};

}  // namespace mxpress::mta::runner
