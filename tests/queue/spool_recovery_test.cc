// The findings of the next run: sites in backoff, mail, and the state after a stop during recovery.
#include <catch2/catch.hpp>

#include "tests/queue/spool_fixture.h"

namespace mxpress::queue {
namespace {

TEST_CASE("spool: sites in backoff are remembered until they are well") {
  SpoolFixture f;
  REQUIRE(f.open());
  proto::HostResult refused;
  refused.text = "refused";
  f.spool->record_site({"mx1 25", 3, WallTime(Duration(9)), refused});
  f.spool->record_site({"mx2 25", 1, {}, std::nullopt});
  f.spool->record_site({"mx2 25", 0, {}, std::nullopt});
  f.commit();
  REQUIRE(f.cut());
  REQUIRE(f.sites.size() == 1);
  CHECK(f.sites[0].site == "mx1 25");
  CHECK(f.sites[0].failures == 3);
  CHECK(f.sites[0].last->text == "refused");
}

TEST_CASE("spool: recovery tells which sites back off before it tells of the mail: otherwise each message would ask them again") {
  SpoolFixture f;
  REQUIRE(f.open());
  REQUIRE(f.store(new_message()));
  f.spool->record_site({"mx1 25", 3, WallTime(Duration(9)), std::nullopt});
  f.commit();
  REQUIRE(f.open_unread());
  std::string order;
  REQUIRE(f.spool->recover([&](const Message&) { order += 'm'; }, [&](const SiteRecord&) { order += 's'; }));
  CHECK(order == "sm");
}

TEST_CASE("spool: a site that is well again before recovery is done stays well") {
  SpoolFixture f;
  REQUIRE(f.open());
  f.spool->record_site({"mx1 25", 3, WallTime(Duration(9)), std::nullopt});
  f.commit();
  REQUIRE(f.open_unread());
  f.spool->record_site({"mx1 25", 0, {}, std::nullopt});
  f.commit();
  REQUIRE(f.spool->recover([](const Message&) {}, [](const SiteRecord&) {}));
  for (int i = 0; i < 100; ++i) REQUIRE(f.store(new_message({"b@example.org"}, std::string(30'000, 'x'))));
  for (int i = 0; i < 100; ++i) f.spool->checkpoint();  // the segments of the first run are removed, and valid records are written again
  REQUIRE(f.cut());
  CHECK(f.sites.empty());
}

TEST_CASE("spool: a recovery that is given up comes back at once, and the next start finds all") {
  SpoolFixture f;
  REQUIRE(f.open());
  for (int i = 0; i < 3; ++i) REQUIRE(f.store(new_message()));
  REQUIRE(f.open_unread());
  int found = 0;
  SECTION("while it tells of the mail") {
    const auto status = f.spool->recover(
        [&](const Message&) {
          ++found;
          f.spool->give_up_recovery();
        },
        [](const SiteRecord&) {});
    CHECK_FALSE(status);
    CHECK(found == 1);
  }
  SECTION("before") {
    f.spool->give_up_recovery();
    CHECK_FALSE(f.spool->recover([&](const Message&) { ++found; }, [](const SiteRecord&) {}));
    CHECK(found == 0);
  }
  REQUIRE(f.cut());
  CHECK(f.found.size() == 3);
}

TEST_CASE("spool: the backoff of a site outlives the segment in which it was recorded") {
  SpoolFixture f;
  REQUIRE(f.open());
  f.spool->record_site({"mx1 25", 3, WallTime(Duration(9)), std::nullopt});
  f.commit();
  for (int i = 0; i < 100; ++i) REQUIRE(f.store(new_message({"b@example.org"}, std::string(30'000, 'x'))));
  for (int i = 0; i < 100; ++i) f.spool->checkpoint();
  REQUIRE(f.spool->counters().journal_bytes <= (1u << 20));
  REQUIRE(f.cut());
  REQUIRE(f.sites.size() == 1);
  CHECK(f.sites[0].failures == 3);
}

}  // namespace
}  // namespace mxpress::queue
