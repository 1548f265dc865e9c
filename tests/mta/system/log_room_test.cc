// The shares of the room for log lines that wait.
#include "mta/system/log_room.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace mxpress;
using namespace mxpress::mta;
using fairness::Owner;

namespace {

constexpr LogRoom::Limits kLimits{.shared = 1'000, .most = 5'000};
const Owner kHog = Owner::user(1), kOther = Owner::user(2);

}  // namespace

TEST_CASE("log room: an owner has room while he holds less than he leaves free") {
  LogRoom room(kLimits);
  CHECK(room.has_room(kHog, 500));
  const auto first = room.take(kHog, 300);
  REQUIRE(first);
  CHECK(room.has_room(kHog, 400));
  CHECK_FALSE(room.has_room(kHog, 401));
  CHECK_FALSE(room.take(kHog, 401));
  CHECK(room.held() == 300);
}

TEST_CASE("log room: n owners who take all they can have a part of n + 1 each, and nobody is shut out") {
  for (const int owners : {1, 2, 3, 9}) {
    LogRoom room(kLimits);
    std::vector<LogRoom::Hold> holds;
    for (bool more = true; more;) {
      more = false;
      for (int uid = 0; uid < owners; ++uid)
        if (auto hold = room.take(Owner::user(uid), 1)) {
          holds.push_back(std::move(*hold));
          more = true;
        }
    }
    for (int uid = 0; uid < owners; ++uid) CHECK(room.held_by(Owner::user(uid)) == Approx(1000.0 / (owners + 1)).margin(1));
    CHECK(room.has_room(Owner::user(99)));
  }
}

TEST_CASE("log room: what an owner adds beyond his share keeps him waiting until it is written, and nobody else") {
  LogRoom room(kLimits);
  std::vector<LogRoom::Hold> pieces;
  for (int i = 0; i < 40; ++i) pieces.push_back(room.charge(kHog, 100));
  CHECK(room.held_by(kHog) == 4'000);
  CHECK_FALSE(room.has_room(kHog));
  CHECK(room.has_room(kOther, 250));
  const auto other = room.take(kOther, 250);
  CHECK(other);
  while (room.held_by(kHog) > 500) pieces.pop_back();
  CHECK_FALSE(room.has_room(kHog));
  while (room.held_by(kHog) > 300) pieces.pop_back();
  CHECK(room.has_room(kHog));
}

TEST_CASE("log room: an owner who holds nothing has room for one message of any size below the most") {
  LogRoom room(kLimits);
  const auto hog = room.charge(kHog, 4'000);
  CHECK(room.has_room(kOther, 1'000));
  CHECK_FALSE(room.has_room(kOther, 1'001));
}

TEST_CASE("log room: beyond the most nobody has room, until the log is given up") {
  LogRoom room(kLimits);
  const auto hog = room.charge(kHog, 5'000);
  CHECK_FALSE(room.has_room(kOther));
  room.give_up(true);
  CHECK(room.has_room(kOther));
  CHECK(room.has_room(kHog));
  room.give_up(false);
  CHECK_FALSE(room.has_room(kOther));
}

TEST_CASE("log room: while it is calm everybody has room, and at the end all of it is free, whatever came and went") {
  LogRoom room(kLimits);
  std::mt19937 random(7);
  std::vector<LogRoom::Hold> holds;
  for (int step = 0; step < 20'000; ++step) {
    const auto owner = Owner::user(random() % 5);
    if (random() % 3 == 0 && !holds.empty())
      holds.erase(holds.begin() + static_cast<std::ptrdiff_t>(random() % holds.size()));
    else if (random() % 2 == 0)
      holds.push_back(room.charge(owner, 1 + random() % 400));
    else if (auto hold = room.take(owner, 1 + random() % 400))
      holds.push_back(std::move(*hold));
    if (holds.size() > 30) holds.clear();
    std::uint64_t sum = 0;
    for (const auto& hold : holds) sum += hold.octets();
    REQUIRE(room.held() == sum);
    if (room.is_calm()) REQUIRE(room.has_room(owner));
  }
  holds.clear();
  CHECK(room.held() == 0);
  CHECK(room.has_room(kHog, 5'000));
}
