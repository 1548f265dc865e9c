// A simulated clock: days of waiting pass in no time. When the loop has no work, time jumps to the next timer.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "dns/async.h"

namespace mxpress::testing {

// Installs itself as the clock in use; the system's returns when it is destroyed. Construct it before the first timer of the test is
// started, and destroy it after the io_context. Only the thread that calls run*() may move time; any thread may read it.
class VirtualTime final : public Clock {
 public:
  // 2026-01-01 00:00:00 UTC; since_boot() starts at one hour.
  VirtualTime();
  explicit VirtualTime(WallTime start);
  ~VirtualTime() override;
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  WallTime wall() const override;
  std::chrono::nanoseconds since_boot() const override { return std::chrono::nanoseconds(now_.load()); }
  std::chrono::nanoseconds before_sleep(std::chrono::nanoseconds until_next_timer) override;

  // Everything that is ready and every timer that falls due runs, until no timer is left (or, as a bound, a virtual century has passed).
  void run(asio::io_context& io);
  // The same for exactly this long: timers at the end are included, and time then stands at the end.
  void run_for(asio::io_context& io, std::chrono::nanoseconds how_long);
  // Runs until `done` is true; returns whether it became true within this time. Time stops at that moment.
  bool run_until(asio::io_context& io, const std::function<bool()>& done, std::chrono::nanoseconds at_most = std::chrono::hours(24 * 365));

  // Steps the wall clock only, as an administrator or NTP does.
  void step_wall(Duration by) { wall_offset_ += std::chrono::nanoseconds(by).count(); }
  // Work outside the loop, such as a journal's commit_batch(): called when the loop has no work; returns whether it did something. Time
  // does not jump before it returns false.
  void set_other_work(std::function<bool()> other_work) { other_work_ = std::move(other_work); }
  // For tests with real sockets on loopback: data in the kernel gets this much real time before time jumps.
  void set_socket_grace(std::chrono::milliseconds grace) { socket_grace_ = grace; }

 private:
  void run_dry(asio::io_context& io);
  void ask_for_next_timer(asio::io_context& io);
  bool drive(asio::io_context& io, std::chrono::nanoseconds end, const std::function<bool()>& done);

  std::atomic<std::int64_t> now_;
  std::atomic<std::int64_t> wall_offset_;
  std::atomic<std::int64_t> next_{0};  // due time of the loop's earliest timer, as last asked
  std::function<bool()> other_work_;
  std::chrono::milliseconds socket_grace_{0};
};

}  // namespace mxpress::testing
