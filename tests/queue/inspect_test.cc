// The spool, read and acted on while no daemon runs.
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
  CHECK_FALSE(Possession::open(f.disk, "/spool"));
}

TEST_CASE("inspect: actions without the daemon are found by its next start, an unknown id among them does no harm") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto a = f.store(new_message());
  const auto b = f.store(new_message());
  f.spool.reset();
  {
    const auto possession = Possession::open(f.disk, "/spool");
    REQUIRE(possession);
    const auto known = (*possession)->act(ActionKind::hold, {*a, QueueId{1}, *b});
    REQUIRE(known);
    CHECK(*known == std::vector<bool>{true, false, true});
    CHECK((*possession)->load(*a)->held);
    CHECK_FALSE(f.open());  // the spool is locked from open() on
  }
  REQUIRE(f.cut());
  REQUIRE(f.found.size() == 2);
  CHECK(f.found[0].held);
  CHECK(f.found[1].held);
}

TEST_CASE("inspect: an action that the disk does not take is an error, not silence") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto id = f.store(new_message());
  f.spool.reset();
  auto possession = Possession::open(f.disk, "/spool");
  REQUIRE(possession);
  f.disk.fail_on("journal", "No space left on device");
  const auto known = (*possession)->act(ActionKind::hold, {*id});
  REQUIRE_FALSE(known);
  CHECK(known.error().is_transient());
  possession->reset();
}

TEST_CASE("inspect: where no spool is none is made") {
  SpoolFixture f;
  CHECK_FALSE(Possession::open(f.disk, "/spool"));
  CHECK_FALSE(Inspection::open(f.disk, "/spool"));
  CHECK(f.disk.files().empty());
}

}  // namespace
}  // namespace mxpress::queue
