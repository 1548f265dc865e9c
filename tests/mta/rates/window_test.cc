// Sliding windows: nothing leaves too early, and few entries are kept.
#include "mta/rates/window.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace mxpress;
using namespace std::chrono_literals;
using mta::rates::Instant;
using mta::rates::Window;

namespace {

const Instant kStart{1h};

}  // namespace

TEST_CASE("window: what was counted leaves it a period and a millisecond later") {
  Window window(1h);
  window.count(3, kStart);
  CHECK(window.counted(kStart + 1h) == 3);
  CHECK(window.counted(kStart + 1h + 1ms) == 0);
}

TEST_CASE("window: tells when so many will have left") {
  Window window(1h);
  CHECK_FALSE(window.time_until_left(1));
  window.count(2, kStart);
  window.count(3, kStart + 10min);
  CHECK(window.time_until_left(2) == kStart + 1h + 1ms);
  CHECK(window.time_until_left(3) == kStart + 70min + 1ms);
  CHECK(window.time_until_left(5) == kStart + 70min + 1ms);
  CHECK_FALSE(window.time_until_left(6));
}

TEST_CASE("window: of a million events it keeps a few hundred entries, and never counts fewer than there were") {
  Window window(1h);
  std::mt19937_64 random(1);
  std::vector<Instant> events;
  Instant now = kStart;
  std::size_t first = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    now += Duration(random() % 20);
    window.count(1, now);
    events.push_back(now);
    while (events[first] + 1h < now) ++first;
    if (i % 1000 != 0) continue;
    const std::uint64_t counted = window.counted(now), real = events.size() - first;
    REQUIRE(counted >= real);
    REQUIRE(counted <= real + real / 100 + 1);
  }
  CHECK(window.entries().size() <= 258);
}
