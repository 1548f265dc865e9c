// Coroutines that take drop files in: what takes its time holds up nobody else.
#include "mta/intake/drop_work.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace mxpress::mta::intake {
namespace {

Task<void> nothing() { co_return; }

// Until the timer that it leaves is cancelled, or destroyed.
Task<void> wait_for(std::shared_ptr<Timer>& timer) {
  timer = std::make_shared<Timer>(co_await asio::this_coro::executor, BootTime::max());
  co_await timer->async_wait(asio::as_tuple(use_task));
}

TEST_CASE("drop work: files that need no time have ended after a run") {
  DropWork work;
  work.begin(1, "a", nothing());
  work.begin(1, "b", nothing());
  CHECK(work.contains("b"));
  work.run();
  CHECK(work.empty());
  CHECK_FALSE(work.is_busy_for(1));
}

TEST_CASE("drop work: a file that takes its time keeps its owner busy, and does not hold up those that are begun later") {
  DropWork work;
  std::shared_ptr<Timer> slow;
  work.begin(1, "slow", wait_for(slow));
  work.run();
  CHECK(work.is_busy_for(1));
  CHECK_FALSE(work.is_busy_for(2));
  work.begin(2, "quick", nothing());
  work.run();
  CHECK_FALSE(work.contains("quick"));
  CHECK(work.contains("slow"));
  slow->cancel();
  work.run();
  CHECK(work.empty());
}

TEST_CASE("drop work: a name that is being taken in is not begun again, whoever owns the file now") {
  DropWork work;
  std::shared_ptr<Timer> slow, second;
  work.begin(1, "a", wait_for(slow));
  work.run();
  work.begin(2, "a", wait_for(second));
  work.run();
  CHECK_FALSE(second);
  CHECK_FALSE(work.is_busy_for(2));
  slow->cancel();
  work.run();
  CHECK(work.empty());
  work.begin(2, "a", nothing());
  work.run();
  CHECK(work.empty());
}

TEST_CASE("drop work: what a bug ends has ended") {
  DropWork work;
  const auto fail = []() -> Task<void> {
    throw std::logic_error("a bug of the test");
    co_return;
  };
  work.begin(1, "a", fail());
  work.run();
  CHECK(work.empty());
}

TEST_CASE("drop work: there is room for as many files as it says") {
  DropWork work;
  std::vector<std::shared_ptr<Timer>> timers(DropWork::kMost);
  for (std::size_t i = 0; i < timers.size(); ++i) {
    CHECK(work.has_room());
    work.begin(static_cast<uid_t>(i), std::to_string(i), wait_for(timers[i]));
  }
  CHECK_FALSE(work.has_room());
  work.run();
  for (const auto& timer : timers) timer->cancel();
  work.finish();
  CHECK(work.has_room());
}

}  // namespace
}  // namespace mxpress::mta::intake
