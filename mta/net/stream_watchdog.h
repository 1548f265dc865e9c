// The one timer of a stream: ends its pending operation at the deadline. A new deadline costs nothing unless it is earlier than the last.
#pragma once

#include <functional>
#include <memory>

#include "dns/async.h"
#include "proto/result.h"

namespace mxpress::mta::net {

// Thread: of the executor.
class StreamWatchdog {
  struct State;

 public:
  // `cancel` makes the pending operation fail; it is called only while a Guard exists.
  StreamWatchdog(Executor executor, std::function<void()> cancel);
  ~StreamWatchdog() { stop(); }
  StreamWatchdog(const StreamWatchdog&) = delete;
  StreamWatchdog& operator=(const StreamWatchdog&) = delete;

  // Held by each operation while it waits.
  class Guard {
   public:
    explicit Guard(StreamWatchdog& watchdog);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    std::shared_ptr<State> state_;
  };

  void set_deadline(BootTime deadline);
  bool is_overdue() const;
  // True if the deadline passed while an operation waited.
  bool has_barked() const;
  // It never barks again.
  void stop();

  static Error timed_out() { return Error::transient("timed out"); }

 private:
  static void arm(const std::shared_ptr<State>& state);
  static void bark_again(const std::shared_ptr<State>& state);
  static void fire(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // shared: handlers of the timer and guards of abandoned operations may outlive the stream
};

}  // namespace mxpress::mta::net
