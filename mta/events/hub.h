// Passes each event to all sinks.
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
  // A name for people: "log".
  virtual std::string_view name() const = 0;
  // Called on the emitting thread, several at a time: it must not block. A slow sink copies the event into a bounded queue of its own,
  // drops events that do not fit, and counts those. An exception loses this event for this sink only.
  virtual void take(const Event& event) = 0;
  // Events dropped since the start. Any thread.
  virtual std::uint64_t dropped() const { return 0; }
};

class Hub {
 public:
  // Without sinks events have no effect. The sinks must outlive it, and get events in this order.
  explicit Hub(const std::vector<Sink*>& sinks = {});
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Any thread. Data that the event refers to must only live as long as the call.
  void emit(const Event& event) noexcept;

  struct Loss {
    std::string_view sink;
    std::uint64_t events = 0;
  };
  // The losses of each sink since the start, dropped or failed. Any thread.
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
