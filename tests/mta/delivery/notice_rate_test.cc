// The number of notices that an address gets in an hour.
#include "mta/delivery/notice_rate.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using mta::delivery::NoticeRate;
using queue::Instant;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

NoticeRate::Key key(std::int64_t uid, std::string_view address) { return NoticeRate::key_of(mta::fairness::Owner::user(uid), address); }

}  // namespace

TEST_CASE("notice rate: in no hour more than forty of ends and twenty of delays; each beyond has a turn of its own") {
  NoticeRate rate;
  const Instant start(hours(100));
  std::vector<Instant> turns;
  for (int i = 0; i < 200; ++i) turns.push_back(*rate.turn(key(1, "a@here.example"), NoticeRate::Kind::ended, start + minutes(i / 50)));
  for (std::size_t i = 0; i + NoticeRate::kEnded < turns.size(); ++i) CHECK(turns[i + NoticeRate::kEnded] - turns[i] >= hours(1));
  CHECK(turns.back() == start + hours(4));
  for (std::size_t i = 0; i < NoticeRate::kDelays; ++i) CHECK(rate.turn(key(1, "a@here.example"), NoticeRate::Kind::delay, start) == start);
  CHECK(rate.turn(key(1, "a@here.example"), NoticeRate::Kind::delay, start) == start + hours(1));
  CHECK(rate.turn(key(1, "b@here.example"), NoticeRate::Kind::ended, start) == start);
}

TEST_CASE("notice rate: what would come too late takes no turn") {
  NoticeRate rate;
  const Instant start(hours(100));
  for (std::size_t i = 0; i < 2 * NoticeRate::kDelays; ++i) REQUIRE(rate.turn(key(1, "a@here.example"), NoticeRate::Kind::delay, start));
  for (int i = 0; i < 10; ++i) CHECK_FALSE(rate.turn(key(1, "a@here.example"), NoticeRate::Kind::delay, start, start + hours(1)));
  CHECK(rate.turn(key(1, "a@here.example"), NoticeRate::Kind::delay, start) == start + hours(2));
}

TEST_CASE("notice rate: addresses are forgotten an hour after their last notice") {
  NoticeRate rate;
  for (int i = 0; i < 10'000; ++i)
    (void)rate.turn(key(1, std::to_string(i) + "@here.example"), NoticeRate::Kind::ended, Instant(minutes(i)));
  CHECK(rate.keys() <= 200);
}

TEST_CASE("notice rate: spellings of one mailbox are one address; another owner's mail, mailbox or domain is another") {
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

TEST_CASE("notice rate: one owner's addresses are bounded, count as one beyond it, and leave all others theirs") {
  NoticeRate rate(1000);
  const Instant start(hours(100));
  const auto ask = [&](std::int64_t uid, int number, Instant now) {
    return *rate.turn(key(uid, std::to_string(number) + "@here.example"), NoticeRate::Kind::ended, now);
  };
  int at_once = 0;
  for (int i = 0; i < 5000; ++i) at_once += ask(1, i, start) == start;
  CHECK(rate.keys() == 501);
  CHECK(at_once == 500 + static_cast<int>(NoticeRate::kEnded));
  for (int i = 0; i < 200; ++i) CHECK(ask(2, i, start) == start);
  CHECK(ask(1, 0, start) == start);  // one that he has
}

TEST_CASE("notice rate: an owner has his share again an hour later, and is not looked for at each turn") {
  NoticeRate rate(1000);
  const Instant start(hours(100));
  for (int i = 0; i < 5000; ++i) (void)rate.turn(key(1, std::to_string(i) + "@here.example"), NoticeRate::Kind::delay, start, start);
  CHECK(rate.keys() == 501);
  const Instant later = start + hours(1);
  for (int i = 0; i < 300; ++i) {
    CHECK(*rate.turn(key(1, std::to_string(i) + "@there.example"), NoticeRate::Kind::ended, later) == later);
  }
  CHECK(rate.keys() <= 400);
}
