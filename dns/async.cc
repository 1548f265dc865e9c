// The system's clocks, and the clock in use.
#include "dns/async.h"

#include <time.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace mxpress {
namespace {

class SystemClock final : public Clock {
 public:
  WallTime wall() const override { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }
  std::chrono::nanoseconds since_boot() const override {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  }
};

SystemClock system_clock;
std::atomic<Clock*> installed{&system_clock};

}  // namespace

Task<void> let_others_go_on() { co_await asio::post(co_await asio::this_coro::executor, use_task); }

Clock& Clock::current() { return *installed.load(std::memory_order_acquire); }

void Clock::install(Clock* clock) { installed.store(clock ? clock : &system_clock, std::memory_order_release); }

}  // namespace mxpress
