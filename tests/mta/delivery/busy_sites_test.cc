// Owners' mail that waits at a site for a connection.
#include <catch2/catch.hpp>

#include "mta/delivery/busy_sites.h"

using namespace mxpress;
using mta::delivery::BusySites;
using queue::Instant;
using std::chrono::seconds;

namespace {

const auto kMallory = proto::ShareOwner::user(1001), kAlice = proto::ShareOwner::user(1002);
const Instant kNow{seconds(100)}, kLater{seconds(102)};

}  // namespace

TEST_CASE("busy sites: one owner's mail waits at one site, until it is told or the time is over") {
  BusySites busy;
  busy.begin(1, kMallory, 0, kNow, kLater);
  CHECK(busy.until(1, kMallory, 0, kNow) == kLater);
  CHECK_FALSE(busy.until(1, kAlice, 0, kNow));
  CHECK_FALSE(busy.until(2, kMallory, 0, kNow));
  CHECK_FALSE(busy.until(1, kMallory, 0, kLater));
  busy.end(1, kMallory);
  CHECK_FALSE(busy.until(1, kMallory, 0, kNow));
}

TEST_CASE("busy sites: with fewer deliveries of the site under way it may use one of their sessions") {
  BusySites busy;
  busy.begin(1, kMallory, 5, kNow, kLater);
  CHECK(busy.until(1, kMallory, 5, kNow));
  CHECK_FALSE(busy.until(1, kMallory, 4, kNow));
}

TEST_CASE("busy sites: what is over and never asked about is forgotten") {
  BusySites busy;
  for (std::uint32_t site = 0; site < 10'000; ++site) busy.begin(site, kMallory, 0, kNow + seconds(site), kLater + seconds(site));
  CHECK(busy.size() <= 64);
}
