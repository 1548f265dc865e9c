// The simulated clock for tests of code that waits.
#include "tests/support/virtual_time.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;

Task<void> wait_days(int days, std::vector<int>& log) {
  for (int day = 1; day <= days; ++day) {
    Timer timer(co_await asio::this_coro::executor);
    timer.expires_after(24h);
    co_await timer.async_wait(use_task);
    log.push_back(day);
  }
}

TEST_CASE("virtual time: days of timers pass in less than a second, each at its moment") {
  VirtualTime time;
  asio::io_context io;
  std::vector<int> log;
  const auto real_start = std::chrono::steady_clock::now();
  const auto start = Clock::current().since_boot();
  asio::co_spawn(io, wait_days(400, log), asio::detached);
  time.run(io);
  CHECK(log.size() == 400);
  CHECK(Clock::current().since_boot() - start == 400 * 24h);
  CHECK(std::chrono::steady_clock::now() - real_start < 1s);
}

TEST_CASE("virtual time: run_for runs what falls due up to its end and leaves the rest") {
  VirtualTime time;
  asio::io_context io;
  std::vector<int> log;
  asio::co_spawn(io, wait_days(5, log), asio::detached);
  time.run_for(io, 48h);
  CHECK(log == std::vector<int>{1, 2});
  time.run_for(io, 23h);
  CHECK(log.size() == 2);
  time.run_for(io, 1h);
  CHECK(log.size() == 3);
}

TEST_CASE("virtual time: run_for without any timer still lets the time pass") {
  VirtualTime time;
  asio::io_context io;
  const WallTime start = Clock::current().wall();
  time.run_for(io, 3h);
  CHECK(Clock::current().wall() - start == 3h);
}

TEST_CASE("virtual time: a timer that was cancelled does not attract the clock") {
  VirtualTime time;
  asio::io_context io;
  Timer early(io.get_executor(), 1h);
  Timer late(io.get_executor(), 10h);
  BootTime fired{};
  early.async_wait([](auto) {});
  late.async_wait([&](auto error) { fired = error ? BootTime{} : BootClock::now(); });
  asio::post(io, [&] { early.cancel(); });
  const BootTime start = BootClock::now();
  time.run(io);
  CHECK(fired - start == 10h);
}

TEST_CASE("virtual time: an earlier timer that is set while others wait falls due first") {
  VirtualTime time;
  asio::io_context io;
  std::vector<int> order;
  Timer late(io.get_executor(), 2h);
  Timer early(io.get_executor());
  late.async_wait([&](auto) { order.push_back(2); });
  asio::post(io, [&] {
    early.expires_after(1h);
    early.async_wait([&](auto) { order.push_back(1); });
  });
  time.run(io);
  CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE("virtual time: sub-microsecond timers fall due too") {
  VirtualTime time;
  asio::io_context io;
  int fired = 0;
  Timer timer(io.get_executor(), std::chrono::nanoseconds(1));
  timer.async_wait([&](auto) { ++fired; });
  time.run(io);
  CHECK(fired == 1);
}

TEST_CASE("virtual time: run_until stops at the moment when its condition holds") {
  VirtualTime time;
  asio::io_context io;
  std::vector<int> log;
  const BootTime start = BootClock::now();
  asio::co_spawn(io, wait_days(5, log), asio::detached);
  CHECK(time.run_until(io, [&] { return log.size() == 2; }));
  CHECK(BootClock::now() - start == 48h);
  CHECK_FALSE(time.run_until(io, [&] { return log.size() == 5; }, 24h));
}

TEST_CASE("virtual time: time does not jump while other work is left") {
  VirtualTime time;
  asio::io_context io;
  int batches = 3;
  BootTime last_batch{};
  time.set_other_work([&] {
    if (batches == 0) return false;
    last_batch = BootClock::now();
    return --batches, true;
  });
  const BootTime start = BootClock::now();
  Timer timer(io.get_executor(), 1h);
  timer.async_wait([](auto) {});
  time.run(io);
  CHECK(batches == 0);
  CHECK(last_batch == start);
}

TEST_CASE("virtual time: the wall clock can be stepped without any timer noticing") {
  VirtualTime time;
  const auto boot = Clock::current().since_boot();
  const WallTime wall = Clock::current().wall();
  time.step_wall(-2h);
  CHECK(Clock::current().wall() - wall == -2h);
  CHECK(Clock::current().since_boot() == boot);
}

TEST_CASE("virtual time: the system's clock is back afterwards") {
  {
    VirtualTime time;
  }
  const auto now = std::chrono::system_clock::now();
  CHECK(Clock::current().wall() > now - 10s);
}

}  // namespace
}  // namespace mxpress::testing
