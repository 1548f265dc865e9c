// Shares of the owners of drop files.
#include "mta/intake/drop_round.h"

#include <catch2/catch.hpp>
#include <chrono>

TEST_CASE("drop folder: shares are of each owner, and come back after a second") {
  using mxpress::BootTime;
  mxpress::mta::intake::DropShares shares;
  const BootTime now{std::chrono::hours(1)};
  for (std::size_t i = 0; i < shares.kOfOneOwner; ++i) CHECK(shares.take(1, 0, now));
  CHECK_FALSE(shares.take(1, 0, now));
  CHECK(shares.take(2, 0, now));
  CHECK_FALSE(shares.take(1, 0, now + std::chrono::milliseconds(999)));
  CHECK(shares.take(1, 0, now + std::chrono::seconds(1)));
}

TEST_CASE("drop folder: large files use up their owner's share, also of the seconds that follow, and nobody else's") {
  using mxpress::BootTime;
  mxpress::mta::intake::DropShares shares;
  const BootTime now{std::chrono::hours(1)};
  const std::uint64_t three_seconds = 3 * shares.kOfOneOwner * shares.kOctetsOfUnit - 1;
  CHECK(shares.take(1, three_seconds, now));
  CHECK_FALSE(shares.take(1, 0, now));
  CHECK(shares.take(2, 0, now));
  CHECK_FALSE(shares.take(1, 0, now + std::chrono::milliseconds(1999)));
  CHECK_FALSE(shares.take(1, 0, now + std::chrono::seconds(2)));
  CHECK(shares.take(1, 0, now + std::chrono::seconds(3)));
}

TEST_CASE("drop folder: commands are charged to the file's owner alone, and paid off second by second") {
  using mxpress::BootTime;
  mxpress::mta::intake::DropShares shares;
  const BootTime now{std::chrono::hours(1)};
  REQUIRE(shares.take(1, 0, now));
  shares.charge(1, 3 * shares.kOfOneOwner * shares.kWorkOfUnit);
  CHECK_FALSE(shares.take(1, 0, now + std::chrono::milliseconds(2999)));
  CHECK(shares.take(2, 0, now));
  CHECK(shares.take(1, 0, now + std::chrono::seconds(3)));
}
