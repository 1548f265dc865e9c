// Accounts: amounts that may be taken, how long they count, and the state after a crash.
#include "mta/rates/account.h"

#include <catch2/catch.hpp>
#include <random>

#include "mta/rates/record.h"

using namespace mxpress;
using namespace mxpress::mta::rates;
using namespace std::chrono_literals;
using mta::RateRule;

namespace {

const Instant kStart{1h};

RateRule per_hour(std::uint64_t count) { return {"route office", {{count, 1h}}, {}}; }

// Reserves everything that is free.
struct Reserving {
  explicit Reserving(const RateRule& rule, Instant now = kStart) {
    account.apply(&rule);
    account.begin(Account::Past::known, now);
  }
  // False: the limit is reached.
  bool take(Instant now, Amount amount = {1, 1}) {
    const Amount free = account.free(now);
    if (free.messages < amount.messages || free.recipients < amount.recipients) return false;
    record(now, amount);
    account.take(amount);
    return true;
  }
  void record(Instant now, const Amount& amount) {
    const Amount reserved = account.reserved(now);
    if (reserved.messages >= amount.messages && reserved.recipients >= amount.recipients) return;
    account.want(amount);
    text = record_text({{}, now, "boot"}, account.record("route.office", now));
    account.recorded(true);
    ++records;
  }
  // Sends as many as possible now.
  std::uint64_t send_all(Instant now) {
    std::uint64_t sent = 0;
    for (; take(now); ++sent) account.count({1, 1}, now);
    return sent;
  }
  Account account;
  std::string text;
  int records = 0;
};

// After a crash, from what is on the disk.
Account restored(const std::string& text, const RateRule& rule, Moment now) {
  Account account;
  const auto limits = parse_record(text, now).value();
  for (const SavedLimit& limit : limits) account.restore(limit.counts, limit.period, limit.entries, limit.reserved, now.instant);
  account.apply(&rule);
  account.begin(Account::Past::known, now.instant);
  return account;
}

}  // namespace

TEST_CASE("account: in no window of an hour are there more than the limit, and it is used up as soon as it may be") {
  Reserving office(per_hour(10));
  CHECK(office.send_all(kStart) == 10);
  CHECK(office.send_all(kStart + 1h) == 0);
  REQUIRE(office.account.waits(kStart + 1h));
  CHECK(office.account.waits(kStart + 1h)->until == kStart + 1h + 1ms);
  CHECK(office.send_all(kStart + 1h + 1ms) == 10);
}

TEST_CASE("account: what a delivery holds is taken until it counts, and counts from the end of the delivery on") {
  Reserving office(per_hour(1));
  REQUIRE(office.take(kStart));
  CHECK_FALSE(office.take(kStart + 2h));
  REQUIRE(office.account.waits(kStart + 2h));
  CHECK_FALSE(office.account.waits(kStart + 2h)->until);  // it depends on the end of the delivery
  office.account.count({1, 1}, kStart + 2h);
  CHECK_FALSE(office.take(kStart + 3h));
  CHECK(office.take(kStart + 3h + 1ms));
}

TEST_CASE("account: what a delivery gives back may be taken again") {
  Reserving office(per_hour(1));
  REQUIRE(office.take(kStart));
  office.account.release({1, 1});
  CHECK(office.take(kStart));
}

TEST_CASE("account: of several limits each holds, and the last to be free tells when") {
  Reserving office({"route office", {{2, 1min}, {3, 24h}}, {}});
  CHECK(office.send_all(kStart) == 2);
  CHECK(office.account.waits(kStart)->limit == "2/m");
  CHECK(office.send_all(kStart + 10min) == 1);
  CHECK(office.account.waits(kStart + 10min)->limit == "3/d");
  CHECK(office.account.waits(kStart + 10min)->until == kStart + 24h + 1ms);
}

TEST_CASE("account: messages and recipients have limits of their own") {
  Reserving office({"route office", {{10, 1h}}, {{15, 1h}}});
  REQUIRE(office.take(kStart, {1, 12}));
  CHECK(office.account.free(kStart) == Amount{9, 3});
  CHECK_FALSE(office.take(kStart, {1, 4}));
  CHECK(office.take(kStart, {1, 3}));
  CHECK(office.account.waits(kStart)->limit == "15 recipients/h");
}

TEST_CASE("account: nothing is taken that is not recorded, and a record is made for each 16th of the limit") {
  const RateRule rule = per_hour(160);
  Account account;
  account.apply(&rule);
  CHECK(account.free(kStart).messages == 160);
  CHECK(account.reserved(kStart).messages == 0);
  account.want({1, 1});
  CHECK(account.is_wanted());
  const std::string lines = account.record("route.office", kStart);
  CHECK(lines == "limit route.office messages 3600000 10\n");
  CHECK(account.reserved(kStart).messages == 0);  // it is not on the disk yet
  account.recorded(true);
  CHECK(account.reserved(kStart).messages == 10);
  CHECK_FALSE(account.is_wanted());
  Reserving office(rule);
  CHECK(office.send_all(kStart) == 160);
  CHECK(office.records == 16);
}

TEST_CASE("account: a record that could not be written reserves nothing") {
  const RateRule rule = per_hour(160);
  Account account;
  account.apply(&rule);
  account.want({1, 1});
  account.record("route.office", kStart);
  account.recorded(false);
  CHECK(account.reserved(kStart).messages == 0);
  CHECK(account.has_news());
}

TEST_CASE("account: a limit for a second has no record; at the start its window is full") {
  Reserving office({"route office", {{5, 1s}}, {}});
  CHECK(office.send_all(kStart) == 0);
  CHECK(office.send_all(kStart + 1s + 1ms) == 5);
  CHECK(office.records == 0);
}

TEST_CASE("account: after a crash what was reserved counts as used, and no window has more than the limit") {
  const RateRule rule = per_hour(100);
  std::mt19937_64 random(7);
  std::vector<Instant> sent;
  Instant now = kStart;
  auto office = std::make_unique<Reserving>(rule);
  int crashes = 0;
  for (int step = 0; step < 20'000; ++step) {
    now += Duration(random() % 40'000);
    if (office->take(now)) {
      office->account.count({1, 1}, now);
      sent.push_back(now);
    }
    if (random() % 500 != 0) continue;
    ++crashes;
    auto next = std::make_unique<Reserving>(rule, now);
    next->account = restored(office->text, rule, {{}, now, "boot"});
    next->text = office->text;
    office = std::move(next);
  }
  REQUIRE(crashes > 20);
  for (std::size_t i = 100; i < sent.size(); ++i) REQUIRE(sent[i] - sent[i - 100] > 1h);
  const double hours = std::chrono::duration<double, std::ratio<3600>>(now - kStart).count();
  CHECK(static_cast<double>(sent.size()) > 85 * hours);  // crashes cost little
}

TEST_CASE("account: an end in peace loses nothing of the limit") {
  const RateRule rule = per_hour(100);
  Reserving office(rule);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(office.take(kStart));
    office.account.count({1, 1}, kStart);
  }
  CHECK(office.account.has_news());
  const std::string text = record_text({{}, kStart + 1min, "boot"}, office.account.last_record("route.office", kStart + 1min));
  office.account.recorded(true);
  CHECK_FALSE(office.account.has_news());
  Account next = restored(text, rule, {{}, kStart + 10min, "boot"});
  CHECK(next.free(kStart + 10min).messages == 97);
  CHECK(next.free(kStart + 1h + 1ms).messages == 100);
}

TEST_CASE("account: another limit for the same time holds at once, for what has been counted") {
  Reserving office(per_hour(100));
  for (int i = 0; i < 20; ++i) {
    REQUIRE(office.take(kStart));
    office.account.count({1, 1}, kStart);
  }
  const RateRule less = per_hour(10), more = per_hour(21);
  office.account.apply(&less);
  CHECK(office.account.free(kStart).messages == 0);
  CHECK(office.account.waits(kStart)->until == kStart + 1h + 1ms);
  office.account.apply(&more);
  CHECK(office.account.free(kStart).messages == 1);
}

TEST_CASE("account: a limit for another time goes on from what is known, also when there was none in between") {
  Reserving office(per_hour(100));
  CHECK(office.send_all(kStart) == 100);
  office.account.apply(nullptr);
  CHECK_FALSE(office.account.has_limit());
  const RateRule daily{"route office", {{150, 24h}}, {}};
  office.account.apply(&daily);
  CHECK(office.account.free(kStart).messages == 50);
}

TEST_CASE("account: what a delivery holds over a reload is not in the record of a new limit, and gives it no reserve") {
  Reserving office(per_hour(100));
  REQUIRE(office.take(kStart));
  const RateRule daily{"route office", {{150, 24h}}, {}};
  office.account.apply(&daily);
  office.account.release({1, 1});
  CHECK(office.account.reserved(kStart).messages == 0);
  CHECK(office.account.free(kStart).messages == 150);
}

TEST_CASE("account: of a record that is lost all counts as used") {
  const RateRule rule = per_hour(100);
  Account account;
  account.apply(&rule);
  account.begin(Account::Past::lost, kStart);
  CHECK(account.free(kStart).messages == 0);
  CHECK(account.free(kStart + 1h + 1ms).messages == 100);
}
