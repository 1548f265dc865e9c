// The choice and the times of alerts.
#include "mta/app/alert_desk.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using mta::AlertDesk;
using queue::Instant;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const Instant kStart{hours(1000)};
const AlertDesk::Fields kOut{{"event", "outage"}, {"way", "direct"}, {"reason", "blocked: connection refused"}};
const AlertDesk::Fields kOver{{"event", "outage_over"}, {"way", "direct"}, {"lasted", "60.000"}};

}  // namespace

TEST_CASE("alerts: the beginning and the end of an incident are told") {
  AlertDesk desk;
  CHECK(desk.take(kOut, kStart));
  CHECK(desk.take(kOver, kStart + minutes(5)));
  CHECK_FALSE(desk.next());
}

TEST_CASE("alerts: an incident that comes and goes is told once in an hour") {
  AlertDesk desk;
  int told = 0;
  for (int i = 0; i < 59; ++i) {
    told += desk.take(kOut, kStart + minutes(i)).has_value();
    told += desk.take(kOver, kStart + minutes(i)).has_value();
  }
  CHECK(told == 2);
  CHECK(desk.due(kStart + hours(2)).empty());
}

TEST_CASE("alerts: one that is back and stays is told when the hour is over") {
  AlertDesk desk;
  (void)desk.take(kOut, kStart);
  (void)desk.take(kOver, kStart + minutes(1));
  CHECK_FALSE(desk.take(kOut, kStart + minutes(2)));
  CHECK(desk.due(kStart + minutes(59)).empty());
  CHECK(*desk.next() == kStart + hours(1));
  CHECK(desk.due(kStart + hours(1)).size() == 1);
  CHECK(desk.take(kOver, kStart + hours(3)));
}

TEST_CASE("alerts: incidents of other ways, hosts and users are others") {
  AlertDesk desk;
  CHECK(desk.take(kOut, kStart));
  CHECK(desk.take({{"event", "outage"}, {"way", "[route.office]"}}, kStart));
  CHECK(desk.take({{"event", "guard"}, {"message", "1A"}, {"uid", "33"}}, kStart));
  CHECK_FALSE(desk.take({{"event", "guard"}, {"message", "1B"}, {"uid", "33"}}, kStart));
  CHECK(desk.take({{"event", "guard"}, {"message", "1C"}, {"uid", "34"}}, kStart));
}

TEST_CASE("alerts: an incident that lasts is remembered while thousands that were never told come") {
  AlertDesk desk;
  CHECK(desk.take({{"event", "aliases"}}, kStart));
  for (int i = 0; i < 10'000; ++i) (void)desk.take({{"event", "guard"}, {"uid", std::to_string(i)}}, kStart);
  CHECK_FALSE(desk.take({{"event", "aliases"}}, kStart + minutes(1)));
  CHECK(desk.take({{"event", "aliases_over"}}, kStart + minutes(2)));
}

TEST_CASE("alerts: of too many that last the one that was told longest ago is forgotten") {
  AlertDesk desk;
  Instant now = kStart;
  CHECK(desk.take(kOut, now));
  for (std::size_t i = 1; i < AlertDesk::kMostIncidents; ++i)
    CHECK(desk.take({{"event", "guard"}, {"uid", std::to_string(i)}}, now += minutes(13)));
  CHECK(desk.take({{"event", "aliases"}}, now += minutes(13)));
  CHECK_FALSE(desk.take(kOver, now));
  CHECK(desk.take({{"event", "guard_over"}, {"uid", "1"}}, now));
}

TEST_CASE("alerts: there are so many of one event in an hour, which keep no other from being told") {
  AlertDesk desk;
  std::size_t told = 0;
  for (int i = 0; i < 10'000; ++i)
    told += desk.take({{"event", "refused"}, {"hosts", "mx" + std::to_string(i) + ".example"}}, kStart).has_value();
  CHECK(told == AlertDesk::kMostOfEvent);
  CHECK(desk.take({{"event", "guard"}, {"uid", "7"}}, kStart));
  CHECK(desk.take({{"event", "refused"}, {"hosts", "mx.example"}}, kStart + AlertDesk::kHour));
}

TEST_CASE("alerts: there are so many of all together in an hour") {
  AlertDesk desk;
  std::size_t told = 0;
  for (int i = 0; i < 10'000; ++i)
    told += desk.take({{"event", "event" + std::to_string(i % 20)}, {"uid", std::to_string(i)}}, kStart).has_value();
  CHECK(told == AlertDesk::kMostInHour);
}
