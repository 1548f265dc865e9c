// Retry times.
#include "queue/retry.h"

#include <catch2/catch.hpp>

namespace mxpress::queue {
namespace {

using namespace std::chrono_literals;

TEST_CASE("retry: durations are read and written") {
  CHECK(*parse_duration("90s") == 90s);
  CHECK(*parse_duration("1h30m") == 90min);
  CHECK(*parse_duration("5d") == 120h);
  CHECK(*parse_duration("0s") == 0s);
  CHECK(format_duration(90min) == "1h30m");
  CHECK(format_duration(5 * 24h) == "5d");
  CHECK(format_duration(0s) == "0s");
  for (const auto* wrong : {"", "5", "m", "5x", "-5m", "5m5m", "5m1h", "1.5h", " 5m", "5m ", "99999999999999999999s", "4000d"})
    CHECK_FALSE(parse_duration(wrong));
}

Duration wait(const RetrySchedule& schedule, std::uint32_t failures, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  return schedule.wait_after(failures, random);
}

void is_near(Duration is, Duration expected) {
  CHECK(is >= expected * 9 / 10);
  CHECK(is <= expected * 11 / 10);
}

TEST_CASE("retry: each failure waits as the schedule says, within a tenth") {
  const auto schedule = RetrySchedule::standard();
  const Duration expected[] = {1min, 5min, 10min, 30min, 1h, 1h, 1h, 1h, 3h, 3h, 3h};
  for (std::uint32_t i = 0; i < std::size(expected); ++i)
    for (std::uint64_t seed = 1; seed < 20; ++seed) is_near(wait(schedule, i + 1, seed), expected[i]);
  is_near(wait(schedule, 1000), 3h);
  is_near(wait(schedule, 0), 1min);
  CHECK(wait(schedule, 9, 1) != wait(schedule, 9, 2));
  CHECK(wait(schedule, 9, 1) == wait(schedule, 9, 1));
}

TEST_CASE("retry: the longest wait is the most that chance can give") {
  const auto schedule = RetrySchedule::standard();
  CHECK(schedule.longest_wait_after(1) == 66s);
  CHECK(schedule.longest_wait_after(1000) == 198min);
  for (std::uint64_t seed = 1; seed < 200; ++seed) CHECK(wait(schedule, 1, seed) <= schedule.longest_wait_after(1));
}

TEST_CASE("retry: without a last star the last wait repeats") {
  const auto schedule = RetrySchedule::parse("1m 2h*2");
  REQUIRE(schedule);
  is_near(wait(*schedule, 3), 2h);
  is_near(wait(*schedule, 99), 2h);
}

TEST_CASE("retry: a schedule is written as it was read, nonsense is refused") {
  CHECK(RetrySchedule::standard().to_string() == "1m 5m 10m 30m 1h*4 3h*");
  for (const auto* wrong : {"", " ", "5", "5m*0", "5m* 1h", "5m**", "0s", "5m*x", "5m*99999", "*3"})
    CHECK_FALSE(RetrySchedule::parse(wrong));
}

}  // namespace
}  // namespace mxpress::queue
