// How many notices an address gets in an hour.
#include "mta/delivery/notice_rate.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using mta::delivery::NoticeRate;
using queue::Instant;
using std::chrono::hours;
using std::chrono::minutes;

TEST_CASE("notice rate: in no hour more than forty of ends and twenty of delays; each beyond has a turn of its own") {
  NoticeRate rate;
  const Instant start(hours(100));
  std::vector<Instant> turns;
  for (int i = 0; i < 200; ++i) turns.push_back(*rate.turn("a@here.example", NoticeRate::Kind::ended, start + minutes(i / 50)));
  for (std::size_t i = 0; i + NoticeRate::kEnded < turns.size(); ++i) CHECK(turns[i + NoticeRate::kEnded] - turns[i] >= hours(1));
  CHECK(turns.back() == start + hours(4));
  for (std::size_t i = 0; i < NoticeRate::kDelays; ++i) CHECK(rate.turn("a@here.example", NoticeRate::Kind::delay, start) == start);
  CHECK(rate.turn("a@here.example", NoticeRate::Kind::delay, start) == start + hours(1));
  CHECK(rate.turn("b@here.example", NoticeRate::Kind::ended, start) == start);
}

TEST_CASE("notice rate: what would come too late takes no turn") {
  NoticeRate rate;
  const Instant start(hours(100));
  for (std::size_t i = 0; i < 2 * NoticeRate::kDelays; ++i) REQUIRE(rate.turn("a@here.example", NoticeRate::Kind::delay, start));
  for (int i = 0; i < 10; ++i) CHECK_FALSE(rate.turn("a@here.example", NoticeRate::Kind::delay, start, start + hours(1)));
  CHECK(rate.turn("a@here.example", NoticeRate::Kind::delay, start) == start + hours(2));
}

TEST_CASE("notice rate: addresses are forgotten an hour after their last notice") {
  NoticeRate rate;
  for (int i = 0; i < 10'000; ++i) (void)rate.turn(std::to_string(i) + "@here.example", NoticeRate::Kind::ended, Instant(minutes(i)));
  CHECK(rate.keys() <= 200);
}

TEST_CASE("notice rate: spellings of one mailbox are one address; another owner's mail, mailbox or domain is another") {
  const auto key = [](std::int64_t uid, std::string_view address) { return NoticeRate::key_of(mta::host::Owner::user(uid), address); };
  CHECK(key(7, "Ann@Here.example") == key(7, "ann@here.example"));
  CHECK(key(7, "ann+list@here.example") == key(7, "ann@here.example"));
  CHECK(key(7, "ann+a+b@here.example") == key(7, "ann+c@here.example"));
  CHECK(key(7, "ann@here.example") != key(8, "ann@here.example"));
  CHECK(key(7, "ann@here.example") != key(-1, "ann@here.example"));
  CHECK(key(7, "ann@here.example") != key(7, "anna@here.example"));
  CHECK(key(7, "ann@here.example") != key(7, "ann@there.example"));
  CHECK(key(7, "+ann@here.example") != key(7, "+bob@here.example"));
  CHECK(key(7, "ann") != key(7, "bob"));
}
