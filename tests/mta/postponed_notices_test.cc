// Which notices wait for their turn.
#include "mta/delivery/postponed_notices.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using mta::delivery::PostponedNotices;
using queue::Instant;
using std::chrono::hours;

TEST_CASE("postponed notices: each is due once, in its turn, which it keeps until it is used") {
  PostponedNotices postponed;
  const proto::QueueId a{1}, b{2};
  const Instant one(hours(1)), two(hours(2));
  CHECK(postponed.add(a, two));
  CHECK(postponed.add(b, one));
  CHECK_FALSE(postponed.add(b, two));
  CHECK(postponed.next() == one);
  CHECK(postponed.due(Instant(hours(0))).empty());
  CHECK(postponed.due(one) == std::vector{b});
  CHECK(postponed.due(one).empty());
  CHECK(postponed.turn_of(b) == one);
  CHECK(postponed.next() == two);
  postponed.forget(a);
  postponed.forget(b);
  CHECK_FALSE(postponed.next());
  CHECK_FALSE(postponed.turn_of(b));
  CHECK(postponed.size() == 0);
}
