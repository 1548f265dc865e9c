// The time of a validator's thread that each owner uses.
#include "dns/lane_use.h"

#include <catch2/catch.hpp>

namespace mxpress::dns {
namespace {

using namespace std::chrono_literals;
using proto::ShareOwner;

const ShareOwner kOne = ShareOwner::user(1), kOther = ShareOwner::user(2);
const BootTime kStart{1h};

TEST_CASE("lane use: an owner has two questions at a time, then one, then none") {
  LaneUse use;
  CHECK(use.places(kOne, kStart) == 2);
  use.begin(kOne, kStart);
  CHECK(use.places(kOne, kStart + 200ms) == 2);
  CHECK(use.places(kOne, kStart + 300ms) == 1);
  CHECK(use.places(kOne, kStart + 1100ms) == 0);
  use.end(kOne, kStart + 1100ms);
  CHECK(use.places(kOne, kStart + 1100ms) == 0);
  CHECK(use.places(kOther, kStart + 1100ms) == 2);
}

TEST_CASE("lane use: one who asks little beside others who ask much is charged little") {
  LaneUse use;
  for (int i = 0; i < 7; ++i) use.begin(kOne, kStart);
  use.begin(kOther, kStart);
  CHECK(use.places(kOther, kStart + 1900ms) == 2);
  CHECK(use.places(kOne, kStart + 1900ms) == 0);
}

TEST_CASE("lane use: time while nothing is asked is charged to nobody") {
  LaneUse use;
  use.begin(kOne, kStart);
  use.end(kOne, kStart + 10ms);
  use.begin(kOne, kStart + 60s);
  CHECK(use.places(kOne, kStart + 60s + 10ms) == 2);
}

TEST_CASE("lane use: after half a minute without questions an owner has all his places again, however much he has used") {
  LaneUse use;
  use.begin(kOne, kStart);
  use.end(kOne, kStart + 600s);
  CHECK(use.places(kOne, kStart + 619s) == 0);
  CHECK(use.places(kOne, kStart + 621s) == 1);
  CHECK(use.places(kOne, kStart + 634s) == 1);
  CHECK(use.places(kOne, kStart + 636s) == 2);
}

TEST_CASE("lane use: three bogus answers take all places") {
  LaneUse use;
  use.charge(kOne, LaneUse::kOfBogus, kStart);
  CHECK(use.places(kOne, kStart) == 1);
  use.charge(kOne, LaneUse::kOfBogus, kStart);
  use.charge(kOne, LaneUse::kOfBogus, kStart);
  CHECK(use.places(kOne, kStart) == 0);
}

TEST_CASE("lane use: owners who have used nothing lately are forgotten, those with a question are not") {
  LaneUse use;
  use.begin(kOther, kStart);
  for (int i = 10; i < 10'000; ++i) {
    use.begin(ShareOwner::user(i), kStart + i * 1s);
    use.end(ShareOwner::user(i), kStart + i * 1s + 1ms);
  }
  CHECK(use.owners() <= 1001);
  CHECK(use.places(kOther, kStart + 10'000s) == 0);
  use.end(kOther, kStart + 10'000s);
}

}  // namespace
}  // namespace mxpress::dns
