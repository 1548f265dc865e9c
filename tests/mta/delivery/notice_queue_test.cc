// The order of messages with pending notices.
#include "mta/delivery/notice_queue.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using mta::delivery::NoticeQueue;
using mta::fairness::Owner;
using queue::Instant;
using std::chrono::seconds;

namespace {

const Owner kMany = Owner::user(1), kFew = Owner::user(2);
const Instant kStart{seconds(100)};

proto::QueueId id(std::uint64_t value) { return {value}; }

}  // namespace

TEST_CASE("notice queue: ten thousand messages that wait for a moment hold no place, and no other message waits for them") {
  NoticeQueue queue;
  for (std::uint64_t i = 1; i <= 10'000; ++i) queue.add(id(i), kMany, kStart, seconds(0));
  int looks = 0;
  while (const auto look = queue.next(kStart)) {
    queue.leave_until(*look, kStart + seconds(60));
    ++looks;
  }
  CHECK(looks == 10'000);
  CHECK(queue.add(id(20'000), kFew, kStart, seconds(0)));
  const auto look = queue.next(kStart);
  REQUIRE(look);
  CHECK(look->message == id(20'000));
  CHECK(queue.size() == 10'001);
}

TEST_CASE("notice queue: a user whose messages are looked at has half of the places, and another user's message does not wait") {
  NoticeQueue queue(10);
  for (std::uint64_t i = 1; i <= 1000; ++i) queue.add(id(i), kMany, kStart, seconds(0));
  for (int i = 0; i < 5; ++i) REQUIRE(queue.next(kStart));
  CHECK_FALSE(queue.next(kStart));
  queue.add(id(2000), kFew, kStart, seconds(0));
  const auto look = queue.next(kStart);
  REQUIRE(look);
  CHECK(look->message == id(2000));
}

TEST_CASE("notice queue: a message is looked at in its moment, and keeps its turn until it leaves") {
  NoticeQueue queue;
  CHECK(queue.add(id(1), kMany, kStart, seconds(2)));
  CHECK(queue.next_event() == kStart + seconds(2));
  CHECK_FALSE(queue.next(kStart + seconds(1)));
  auto look = queue.next(kStart + seconds(2));
  REQUIRE(look);
  CHECK(look->since == kStart);
  CHECK_FALSE(look->turn);
  look->turn = kStart + seconds(3600);
  queue.leave_until(*look, *look->turn);
  CHECK_FALSE(queue.add(id(1), kMany, kStart + seconds(5), seconds(0)));  // it is looked at then, and no earlier
  CHECK(queue.next_event() == kStart + seconds(3600));
  CHECK_FALSE(queue.next(kStart + seconds(5)));
  look = queue.next(kStart + seconds(3600));
  REQUIRE(look);
  CHECK(look->turn == kStart + seconds(3600));
  CHECK(queue.leave(*look, kStart));
  CHECK(queue.size() == 0);
  CHECK_FALSE(queue.next_event());
}

TEST_CASE("notice queue: what is added while it is looked at is looked at once more") {
  NoticeQueue queue(1);
  queue.add(id(1), kMany, kStart, seconds(0));
  const auto look = queue.next(kStart);
  REQUIRE(look);
  CHECK_FALSE(queue.add(id(1), kMany, kStart, seconds(0)));
  CHECK_FALSE(queue.leave(*look, kStart + seconds(1)));
  CHECK_FALSE(queue.next(kStart));
  const auto again = queue.next(kStart + seconds(1));
  REQUIRE(again);
  CHECK(again->message == id(1));
  queue.drop(*again);
  CHECK(queue.add(id(1), kMany, kStart, seconds(0)));
  CHECK(queue.next(kStart));
}
