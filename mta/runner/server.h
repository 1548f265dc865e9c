// Takes requests to run commands, from mxpressd and root alone.
#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <string>
#include <thread>

#include "mta/runner/service.h"
#include "mta/system/descriptor.h"

namespace mxpress::mta::runner {

// One request a connection, each on a thread of its own.
class RunnerServer {
 public:
  static constexpr std::size_t kMostAtOnce = 8;  // connections; more are told so

  // `listener`: a unix socket. `stop`: readable when serve() is to end; it stays the caller's.
  // `service` outlives it.
  RunnerServer(system::Descriptor listener, int stop, const Service& service);

  // Until `stop`; commands that run then are ended.
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
  std::list<Connection> connections_;  // of the thread of serve(); their threads know only their own entry
};

}  // namespace mxpress::mta::runner
