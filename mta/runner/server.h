// Takes requests to run commands, from mxpressd and root alone.
#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <string>
#include <thread>

#include "mta/runner/commands.h"
#include "mta/system/descriptor.h"

namespace mxpress::mta::runner {

// One request a connection, each on a thread of its own.
class RunnerServer {
 public:
  static constexpr std::size_t kMostAtOnce = 8;  // connections; more are told so
  static constexpr std::chrono::milliseconds kRequestPatience{5'000}, kAnswerPatience{5'000};

  // `listener`: a unix socket. `stop`: readable when serve() is to end; it stays the caller's.
  RunnerServer(system::Descriptor listener, int stop, Commands& commands);

  // Until `stop`; commands that run then are ended.
  void serve();

 private:
  struct Connection {
    system::Descriptor socket;
    std::atomic<bool> has_ended = false;
    std::thread thread;
  };
  void accept_one();
  void answer_one(int socket);
  std::string answer_to(const std::string& request, int socket);
  void reap();

  const system::Descriptor listener_;
  const int stop_;
  Commands& commands_;
  std::list<Connection> connections_;  // of the thread of serve(); their threads know only their own entry
};

}  // namespace mxpress::mta::runner
