// Shared by all code that waits: executor, coroutine type, clocks and timers. It is in dns/, the lowest folder that waits.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "proto/time.h"

namespace mxpress {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
template <class T>
using Task = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> use_task{};

// Continues after all other work that is ready now. Long computations call it after each piece of at most a few milliseconds.
Task<void> let_others_go_on();

// The two clocks of the process: wall time (may be stepped) and time since boot (never steps; counts suspend).
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual std::chrono::nanoseconds since_boot() const = 0;

  // The clock in use: the system's unless a simulation has installed its own. Any thread.
  static Clock& current();
  // For simulations, before any thread runs; nullptr restores the system's. Not owned.
  static void install(Clock* clock);
  // Called when a timer queue asks how long to sleep until its earliest timer. A simulated clock notes the time to jump to.
  virtual std::chrono::nanoseconds before_sleep(std::chrono::nanoseconds until_next_timer) { return until_next_timer; }
};

// CLOCK_BOOTTIME (or simulated time) as a standard clock, for Asio's timers.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
  static time_point now() { return time_point(Clock::current().since_boot()); }
};
using BootTime = BootClock::time_point;

struct BootClockTraits {
  static BootClock::duration to_wait_duration(const BootClock::duration& d) { return Clock::current().before_sleep(d); }
  static BootClock::duration to_wait_duration(const BootClock::time_point& t) { return to_wait_duration(t - BootClock::now()); }
};

// The only timer type in mxpress.
using Timer = asio::basic_waitable_timer<BootClock, BootClockTraits, Executor>;

}  // namespace mxpress
