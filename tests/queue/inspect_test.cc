// The spool looked at and acted on while no daemon runs.
#include "queue/inspect.h"

#include <catch2/catch.hpp>

#include "tests/queue/spool_fixture.h"

namespace mxpress::queue {
namespace {

TEST_CASE("inspect: shows messages and states, and writes nothing") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto a = f.store(new_message());
  const auto b = f.store(new_message());
  f.spool->settle(settlement(*a, 0, RecipientStage::pending, "451 later"), nullptr);
  f.spool->settle(settlement(*b, 0, RecipientStage::delivered), nullptr);
  f.commit();
  f.spool.reset();
  const auto before = f.disk.operations();
  const auto inspection = Inspection::open(f.disk, "/spool");
  REQUIRE(inspection);
  CHECK((*inspection)->ids(false) == std::vector<QueueId>{*a});
  CHECK((*inspection)->ids(true) == std::vector<QueueId>{*a, *b});
  CHECK((*inspection)->load(*a)->recipients[0].last->text == "451 later");
  CHECK((*inspection)->load(*b)->ended);
  CHECK_FALSE((*inspection)->load(QueueId{1}));
  CHECK(f.disk.operations() == before);
  CHECK(Inspection::open(f.disk, "/spool"));
  CHECK_FALSE(f.open());
}

TEST_CASE("inspect: says which process has the spool") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto inspection = Inspection::open(f.disk, "/spool");
  REQUIRE_FALSE(inspection);
  CHECK(inspection.error().is_transient());
  CHECK_THAT(inspection.error().message, Catch::Contains("in use by process"));
  CHECK_FALSE(apply_actions(f.disk, "/spool", ActionKind::hold, {QueueId{1}}));
}

TEST_CASE("inspect: actions without the daemon are found by its next start") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto id = f.store(new_message());
  f.spool.reset();
  CHECK(apply_actions(f.disk, "/spool", ActionKind::hold, {*id}));
  const auto unknown = apply_actions(f.disk, "/spool", ActionKind::hold, {QueueId{1}});
  REQUIRE_FALSE(unknown);
  CHECK_FALSE(unknown.error().is_transient());
  REQUIRE(f.cut());
  REQUIRE(f.found.size() == 1);
  CHECK(f.found[0].held);
}

}  // namespace
}  // namespace mxpress::queue
