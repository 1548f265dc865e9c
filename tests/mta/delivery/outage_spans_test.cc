// The spans of outages, and their file.
#include "mta/delivery/outage_spans.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using namespace mxpress::mta::delivery;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const Instant kStart{hours(1000)};
const WallTime kWall{hours(500'000)};

}  // namespace

TEST_CASE("outage spans: time counts that lies in a span of the way, also one that lasts") {
  OutageSpans spans;
  spans.begin("[route]", "dead", kStart);
  spans.end("[route]", kStart + hours(2));
  spans.begin("[route]", "dead again", kStart + hours(10));
  CHECK(spans.total("[route]", kStart - hours(1), kStart + hours(1)) == hours(1));
  CHECK(spans.total("[route]", kStart + hours(1), kStart + hours(11)) == hours(2));
  CHECK(spans.total("[route]", kStart + hours(3), kStart + hours(9)) == hours(0));
  CHECK(spans.total("direct", kStart, kStart + hours(11)) == hours(0));
  CHECK(spans.lasts("[route]"));
}

TEST_CASE("outage spans: what two spans of direct delivery have in common counts once") {
  OutageSpans spans;
  spans.begin(kDirectWay, "blocked", kStart);
  spans.begin(kDirectLookups, "deaf", kStart + hours(1));
  spans.end(kDirectWay, kStart + hours(2));
  spans.end(kDirectLookups, kStart + hours(4));
  CHECK(spans.total(kDirectWay, kStart, kStart + hours(10)) == hours(4));
}

TEST_CASE("outage spans: the file tells them to the next run, with what lasts and whom to ask") {
  OutageSpans spans;
  spans.begin("[route.office]", "no", kStart - hours(20));
  spans.end("[route.office]", kStart - hours(10));
  spans.begin(kDirectWay, "mail hosts of several networks cannot be reached", kStart - hours(1));
  const dns::Target probe{"mx", dns::Address::parse("2001:db8::1").value(), 2525};
  const auto text = spans.text({probe}, kStart, kWall);
  const Instant other{minutes(5)};  // another boot
  const auto restored = OutageSpans::parse(text, other, kWall + hours(1));
  REQUIRE(restored);
  CHECK(restored->spans.total("[route.office]", other - hours(100), other) == hours(10));
  CHECK(restored->spans.total(kDirectWay, other - hours(100), other) == hours(2));
  REQUIRE(restored->spans.current(kDirectWay));
  CHECK(restored->spans.current(kDirectWay)->reason == "mail hosts of several networks cannot be reached");
  REQUIRE(restored->probes.size() == 1);
  CHECK(restored->probes[0].address_text() == "[2001:db8::1]:2525");
}

TEST_CASE("outage spans: a clock that was set back puts nothing into the future") {
  OutageSpans spans;
  spans.begin(kDirectWay, "blocked", kStart);
  const auto restored = OutageSpans::parse(spans.text({}, kStart, kWall), kStart, kWall - hours(1000));
  REQUIRE(restored);
  CHECK(restored->spans.current(kDirectWay)->begun == kStart);
}

TEST_CASE("outage spans: the file stays small, and what lasts stays in it") {
  OutageSpans spans;
  spans.begin(kDirectWay, std::string(5000, 'x'), kStart);
  for (int i = 0; i < 1000; ++i) {
    const std::string way = "[route.quite-a-long-name-for-a-route-" + std::to_string(i) + "]";
    spans.begin(way, "no", kStart + hours(i));
    spans.end(way, kStart + hours(i) + minutes(1));
  }
  CHECK(spans.all().size() == OutageSpans::kMost);
  const auto text = spans.text({}, kStart + hours(1000), kWall);
  CHECK(text.size() <= 4096);
  CHECK(OutageSpans::parse(text, kStart + hours(1000), kWall)->spans.lasts(kDirectWay));
}

TEST_CASE("outage spans: short outages of a route, however many, push out no long one that is over") {
  OutageSpans spans;
  spans.begin(kDirectWay, "blocked", kStart);
  spans.end(kDirectWay, kStart + hours(48));
  for (int i = 0; i < 100; ++i) {
    spans.begin("[route]", "it takes no mail for now (451)", kStart + hours(50) + minutes(i));
    spans.end("[route]", kStart + hours(50) + minutes(i) + std::chrono::seconds(30));
  }
  CHECK(spans.all().size() == OutageSpans::kMost);
  CHECK(spans.total(kDirectWay, kStart, kStart + hours(120)) == hours(48));
}

TEST_CASE("outage spans: a file that is damaged or of another version is no file") {
  for (const char* text : {"", "mxpress outages 2\n", "mxpress outages 1\nspan 5\n", "mxpress outages 1\nspan x - direct\n",
                           "mxpress outages 1\nprobe 192.0.2.1 0\n", "mxpress outages 1\nsp\n"}) {
    CAPTURE(text);
    CHECK_FALSE(OutageSpans::parse(text, kStart, kWall));
  }
}
