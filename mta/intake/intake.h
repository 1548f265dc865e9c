// Serves the listeners: accepts on the first worker, and gives each client to the worker with the fewest sessions (the first of equals).
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

  // `workers` must run, one thread each, until stop() has called back; they, `context` and the Intake must outlive the sessions.
  Intake(Context& context, std::vector<asio::io_context*> workers);
  ~Intake();

  // Any thread, once. Takes ownership of the sockets; the submission socket's file is removed at the end.
  void start(Listeners listeners);
  // Any thread, once. Accepts no new clients; the others get 421 as soon as they no longer wait for us. `done` is called, on some worker's
  // thread, when the last session has ended.
  void stop(std::function<void()> done);
  // The number of each worker's sessions, including those being refused or ended. Any thread.
  std::vector<std::size_t> open_sessions() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mxpress::mta::intake
