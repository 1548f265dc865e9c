// Workers of sites and destinations.
#include "mta/delivery/placement.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using mta::delivery::Placement;

TEST_CASE("placement: a site belongs to the worker that looked it up first, until that has forgotten it") {
  Placement placement(2);
  CHECK(placement.claim_site("mx.example:25", 1).owner == 1);
  CHECK(placement.claim_site("mx.example:25", 0).owner == 1);
  CHECK(placement.claim_elsewhere("mx.example:25", 1).owner == 1);
  placement.leave_site("mx.example:25", 0);
  CHECK(placement.claim_site("mx.example:25", 0).owner == 1);
  placement.leave_site("mx.example:25", 1);
  CHECK(placement.claim_site("mx.example:25", 0).owner == 0);
}

TEST_CASE("placement: a site for which its worker has no place belongs to the one with the fewest busy places") {
  Placement placement(3);
  placement.busy(0) = 4;
  placement.busy(1) = 3;
  placement.busy(2) = 1;
  CHECK(placement.claim_elsewhere("a.example:25", 0).owner == 2);
  CHECK(placement.claim_elsewhere("b.example:25", 2).owner == 2);
  placement.busy(2) = 4;
  placement.busy(1) = 4;
  CHECK(placement.claim_elsewhere("c.example:25", 1).owner == 1);
}

TEST_CASE("placement: a site of which an earlier run has left a record stays with the worker that looked it up") {
  Placement placement(2);
  placement.busy(0) = 4;
  queue::SiteRecord record;
  record.site = "mx.example:25";
  record.failures = 3;
  CHECK_FALSE(placement.owner_or_keep(record));
  const auto claim = placement.claim_elsewhere("mx.example:25", 0);
  CHECK(claim.owner == 0);
  REQUIRE(claim.restored);
  CHECK(claim.restored->failures == 3);
}
