// Hands each event to all sinks.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "mta/events/event.h"

namespace mxpress::mta::events {

class Sink {
 public:
  virtual ~Sink() = default;
  // For people: "log".
  virtual std::string_view name() const = 0;
  // Called on the thread of whoever emits, several at a time: it must not block. A sink that may be slow takes what it needs into a bounded
  // queue of its own, drops what does not fit, and counts that. An exception costs this sink this event, and nobody else anything.
  virtual void take(const Event& event) = 0;
  // Events that it has dropped, since the start. Any thread.
  virtual std::uint64_t dropped() const { return 0; }
};

class Hub {
 public:
  // Without sinks nobody is told. They outlive it, and take events in this order.
  explicit Hub(const std::vector<Sink*>& sinks = {});
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Any thread. What the event refers to need only live as long as the call.
  void emit(const Event& event) noexcept;

  struct Loss {
    std::string_view sink;
    std::uint64_t events = 0;
  };
  // What each sink has lost since the start, dropped or failed. Any thread.
  std::vector<Loss> losses() const;

 private:
  struct Slot {
    Sink& sink;
    std::atomic<std::uint64_t> failed{0};
  };
  static void hand_to(Slot& slot, const Event& event) noexcept;

  std::deque<Slot> slots_;
};

}  // namespace mxpress::mta::events
