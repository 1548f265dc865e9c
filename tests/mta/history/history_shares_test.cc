// Shares of owners in the memory and on the disk of the history.
#include "mta/history/shares.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using mta::history::Shares;

namespace {

const auto kMallory = proto::ShareOwner::user(1001), kAlice = proto::ShareOwner::user(1002);
const WallTime kNow{std::chrono::hours(24 * 20'000)};
constexpr std::uint64_t kDisk = 8'000'000;

// Records of 100 octets that find room.
std::size_t taken(Shares& shares, const proto::ShareOwner& owner, std::size_t count, WallTime now = kNow) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) found += shares.take(owner, 100, kDisk, now);
  return found;
}

}  // namespace

TEST_CASE("history shares: one owner leaves a quarter of the memory free, and others find room") {
  Shares shares(10'000);
  CHECK(taken(shares, kMallory, 1000) == 75);
  CHECK(taken(shares, kAlice, 1000) == 12);
  shares.written();
  CHECK(taken(shares, kAlice, 1000) == 75);
}

TEST_CASE("history shares: an owner's first record may have the last room, and nothing exceeds the memory") {
  Shares shares(100);
  CHECK(taken(shares, kMallory, 2) == 1);
  CHECK(taken(shares, kAlice, 1) == 0);
}

TEST_CASE("history shares: an owner who has used up his part of the disk gets it back bit by bit") {
  Shares shares(100'000'000);
  CHECK(taken(shares, kMallory, 20'000) == kDisk / 8 / 100);
  CHECK(taken(shares, kMallory, 20'000, kNow + std::chrono::minutes(6)) == kDisk / 8 / 100 / 240);
  std::size_t count = 0;
  for (int minutes = 12; minutes <= 24 * 60; minutes += 6) count += taken(shares, kMallory, 20'000, kNow + std::chrono::minutes(minutes));
  CHECK(count <= kDisk / 8 / 100);
  CHECK(count >= kDisk / 8 / 100 * 9 / 10);
  CHECK(taken(shares, kMallory, 20'000, kNow + std::chrono::days(9)) == kDisk / 8 / 100);
}

TEST_CASE("history shares: an owner has an eighth of the disk in a day") {
  Shares shares(10'000);
  std::size_t count = 0;
  for (int i = 0; i < 400; ++i, shares.written()) count += taken(shares, kMallory, 50);
  CHECK(count == kDisk / 8 / 100);
  CHECK(taken(shares, kAlice, 1) == 1);
  CHECK(taken(shares, kMallory, 1, kNow + std::chrono::hours(24)) == 1);
}

TEST_CASE("history shares: owners who have used nothing lately make room for others") {
  Shares shares(1u << 30);
  for (std::size_t i = 0; i < Shares::kMostOwners; ++i)
    REQUIRE(shares.take(proto::ShareOwner::user(static_cast<std::int64_t>(5000 + i)), 1, kDisk, kNow));
  shares.written();
  const WallTime later = kNow + std::chrono::days(2);
  CHECK(shares.take(kMallory, kDisk / 8, kDisk, later));
  CHECK(shares.take(kAlice, 1, kDisk, later));
}

TEST_CASE("history shares: beyond so many owners in a day the further ones share one count") {
  Shares shares(1u << 30);
  for (std::size_t i = 0; i < Shares::kMostOwners; ++i)
    REQUIRE(shares.take(proto::ShareOwner::user(static_cast<std::int64_t>(5000 + i)), 1, kDisk, kNow));
  CHECK(shares.take(kMallory, kDisk / 8, kDisk, kNow));
  CHECK_FALSE(shares.take(kAlice, 1, kDisk, kNow));
}
