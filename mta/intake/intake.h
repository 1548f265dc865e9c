// Serves the listeners: accepts on the first worker; a client goes to the worker with the fewest sessions, of several to the first.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "dns/async.h"
#include "mta/intake/listener.h"

namespace mxpress::mta::intake {

struct Context;

class Intake {
 public:
  static constexpr std::size_t kMaxSessions = 400;  // of all workers together

  // `workers` run, one thread each, until after stop() has called back; they, `context` and the Intake outlive the sessions.
  Intake(Context& context, std::vector<asio::io_context*> workers);
  ~Intake();

  // Any thread, once. Takes the sockets over; the submission socket's file is removed at the end.
  void start(Listeners listeners);
  // Any thread, once. No new clients; the others get 421 as soon as they wait for nothing more of us. `done` is called, on some worker's
  // thread, when the last session has ended.
  void stop(std::function<void()> done);
  // How many sessions each worker has, those that are refused or told to go too. Any thread.
  std::vector<std::size_t> open_sessions() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mxpress::mta::intake
