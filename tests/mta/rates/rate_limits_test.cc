// Rate limits of several sites and workers: turns, times of writing, and the state after a crash.
#include "mta/rates/rate_limits.h"

#include <catch2/catch.hpp>

#include "mta/rates/hold.h"
#include "mta/system/instant.h"
#include "tests/support/forgetful_disk.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::mta::rates;
using namespace mxpress::testing;
using namespace std::chrono_literals;
using mta::RateRule;
using mta::RateRules;
using mta::system::instant_now;

namespace {

const std::string kOffice = "route.office";
const Waiter kFirst{0, 1}, kSecond{1, 1};

RateRules office(std::uint64_t messages, Duration period = 1h) { return {{kOffice, RateRule{"route office", {{messages, period}}, {}}}}; }

struct House {
  explicit House(RateRules with) : rules(std::move(with)) {
    REQUIRE(disk.make_folder("/spool"));
    REQUIRE(disk.sync_folder("/"));
    start();
  }
  void start() {
    limits.reset();
    limits = std::make_unique<RateLimits>(RateServices{disk, record_file("/spool"), nullptr, boot}, rules);
    for (const std::size_t worker : {0, 1})
      limits->when_free(worker, [this, worker](std::uint32_t site) { called.push_back({worker, site}); });
  }
  // The process is killed, or the power is cut.
  void crash() {
    limits.reset();
    disk.restart(test::ForgetfulDisk::Cut::nothing);
    start();
  }
  // Without amounts that must be recorded first.
  RateLimits::Taken take(const Waiter& who = kFirst) {
    auto taken = limits->take(kOffice, who, instant_now());
    return taken.wait_until ? limits->take(kOffice, who, instant_now()) : std::move(taken);
  }
  bool send(const Waiter& who = kFirst) {
    const auto taken = take(who);
    if (!taken.hold) return false;
    REQUIRE(taken.hold->begin_transaction());
    taken.hold->end_transaction(1);
    return true;
  }
  int send_all(const Waiter& who = kFirst) {
    int sent = 0;
    while (send(who)) ++sent;
    return sent;
  }
  void pass(Duration how_long) {
    asio::io_context nothing;
    time.run_for(nothing, how_long);
  }

  VirtualTime time;
  test::ForgetfulDisk disk;
  std::string boot = "first";
  RateRules rules;
  std::vector<Waiter> called;
  std::unique_ptr<RateLimits> limits;
};

}  // namespace

TEST_CASE("rate limits: a key without a rule has no limit, and nothing is written for it") {
  House house(office(1));
  const std::uint64_t before = house.disk.operations();
  const auto taken = house.limits->take("route.other", kFirst, instant_now());
  CHECK_FALSE(taken.hold);
  CHECK_FALSE(taken.wait_until);
  CHECK(house.disk.operations() == before);
}

TEST_CASE("rate limits: who finds nothing left is told when, and why") {
  House house(office(2));
  CHECK(house.send_all() == 2);
  CHECK(house.take().wait_until == instant_now() + 1h + 1ms);
  const auto why = house.limits->why(kOffice, instant_now());
  REQUIRE(why);
  CHECK(why->text == "waits for the rate limit of route office (2/h)");
  CHECK(why->until == instant_now() + 1h + 1ms);
  house.pass(1h + 1ms);
  CHECK_FALSE(house.limits->why(kOffice, instant_now()));
  CHECK(house.send_all() == 2);
}

TEST_CASE("rate limits: sites that wait for the same limit take turns") {
  House house(office(4));
  CHECK(house.send_all(kFirst) == 4);
  CHECK_FALSE(house.send(kFirst));
  CHECK_FALSE(house.send(kSecond));
  house.pass(1h + 1ms);
  int first = 0, second = 0;
  for (int i = 0; i < 10; ++i) {
    first += house.send_all(kFirst);
    second += house.send_all(kSecond);
  }
  CHECK(first == 2);
  CHECK(second == 2);
}

TEST_CASE("rate limits: a site that waits and has no mail any more keeps others for a second only") {
  House house(office(4));
  CHECK(house.send_all(kFirst) == 4);
  CHECK_FALSE(house.send(kFirst));
  CHECK_FALSE(house.send(kSecond));
  house.pass(1h + 1ms);  // the first one does not come
  const auto taken = house.take(kSecond);
  REQUIRE(taken.wait_until);
  CHECK(*taken.wait_until <= instant_now() + 1s);
  house.pass(1s + 1ms);
  CHECK(house.send_all(kSecond) == 4);
}

TEST_CASE("rate limits: what a delivery gives back calls those who wait") {
  House house(office(1));
  auto taken = house.take(kFirst);
  REQUIRE(taken.hold);
  REQUIRE(house.take(kSecond).wait_until);
  house.called.clear();
  taken.hold.reset();
  CHECK(house.called == std::vector{kSecond});
  CHECK(house.send(kSecond));
}

TEST_CASE("rate limits: a delivery that ends within a transaction counts") {
  House house(office(1));
  {
    const auto taken = house.take();
    REQUIRE(taken.hold->begin_transaction());
  }
  CHECK_FALSE(house.send());
}

TEST_CASE("rate limits: a transaction that handed nothing over may begin once more") {
  House house(office(1));
  {
    const auto taken = house.take();
    REQUIRE(taken.hold->begin_transaction());
    taken.hold->end_transaction(0);
    REQUIRE(taken.hold->begin_transaction());
    taken.hold->end_transaction(1);
    CHECK_FALSE(taken.hold->begin_transaction());
  }
  CHECK_FALSE(house.send());
}

TEST_CASE("rate limits: a delivery to many gets what is free, and shares it with others who wait") {
  House house({{kOffice, RateRule{"route office", {}, {{100, 1h}}}}});
  auto taken = house.take();
  const Hold::Wish alone{10'000, 100, 0}, with_one{10'000, 100, 1};
  CHECK(taken.hold->needs_record(with_one));
  house.limits->save();
  CHECK(taken.hold->extend(with_one) == 1 + 99 / 2);
  CHECK(taken.hold->needs_record(alone));
  house.limits->save();
  CHECK(taken.hold->extend(alone) == 100);
  CHECK_FALSE(taken.hold->needs_record(alone));
  CHECK_FALSE(house.take(kSecond).hold);
}

TEST_CASE("rate limits: transactions are messages: how many there may be bounds the recipients") {
  House house(office(3));
  auto taken = house.take();
  const Hold::Wish wish{1000, 100, 0};
  CHECK(taken.hold->needs_record(wish));
  house.limits->save();
  CHECK(taken.hold->extend(wish) == 300);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(taken.hold->begin_transaction());
    taken.hold->end_transaction(100);
  }
  CHECK_FALSE(taken.hold->begin_transaction());
}

TEST_CASE("rate limits: who sends nothing writes nothing, and a 16th of the limit is written at a time") {
  House house(office(160));
  std::uint64_t before = house.disk.operations();
  house.send();
  const std::uint64_t of_write = house.disk.operations() - before;
  CHECK(of_write > 0);
  before = house.disk.operations();
  for (int i = 0; i < 9; ++i) house.send();
  CHECK(house.disk.operations() == before);
  house.pass(24h);
  house.limits->close();
  before = house.disk.operations();
  house.limits->close();
  CHECK(house.disk.operations() == before);
}

TEST_CASE("rate limits: after a crash at any moment there is no window with more than the limit") {
  for (int sent_before = 0; sent_before <= 40; ++sent_before) {
    INFO(sent_before);
    House house(office(40));
    for (int i = 0; i < sent_before; ++i) REQUIRE(house.send());
    house.crash();
    const int after = house.send_all();
    CHECK(sent_before + after <= 40);
    CHECK(sent_before + after >= 38);  // a record reserves 2
  }
}

TEST_CASE("rate limits: a crash while a record is written leaves no more than the limit") {
  for (std::uint64_t operation = 1; operation < 40; ++operation) {
    INFO(operation);
    House house(office(6));
    house.disk.cut_at(house.disk.operations() + operation);
    const int before = house.send_all();
    house.disk.cut_at(0);
    house.crash();
    CHECK(before + house.send_all() <= 6);
  }
}

TEST_CASE("rate limits: a test of the two above: without syncs the limit would be exceeded") {
  House house(office(40));
  house.disk.skip_syncs([](auto, const std::string&) { return true; });
  CHECK(house.send_all() == 40);
  house.crash();
  CHECK(house.send_all() > 0);
}

TEST_CASE("rate limits: a disk that cannot be written keeps the mail waiting, and then lets it go on") {
  House house(office(40));
  house.disk.fail_on("rates", "read-only file system");
  CHECK_FALSE(house.send());
  const auto again = house.take().wait_until;
  REQUIRE(again);
  CHECK(*again == instant_now() + 10s);
  house.disk.fail_on("", "");
  house.pass(10s);
  CHECK(house.send_all() == 40);
}

TEST_CASE("rate limits: a file that cannot be read keeps the mail waiting for a period, and says what to do") {
  House house(office(40));
  CHECK(house.send());
  house.disk.replace("/spool/rates", "nonsense");
  house.start();
  CHECK_FALSE(house.send());
  house.pass(1h + 1ms);
  CHECK(house.send_all() == 40);
}

TEST_CASE("rate limits: steps of the wall clock change nothing while the daemon runs, nor over a restart within one boot") {
  for (const Duration step : {Duration(-24h), Duration(24h * 365)}) {
    House house(office(5));
    CHECK(house.send_all() == 5);
    house.time.step_wall(step);
    CHECK_FALSE(house.send());
    house.start();
    CHECK_FALSE(house.send());
    house.pass(1h + 1ms);
    CHECK(house.send_all() == 5);
  }
}

TEST_CASE("rate limits: a boot with a clock that was set back keeps mail waiting for one period at most") {
  House house(office(5));
  CHECK(house.send_all() == 5);
  house.limits->close();
  house.time.step_wall(-24h);
  house.boot = "second";
  house.start();
  CHECK_FALSE(house.send());
  house.pass(1h + 1ms);
  CHECK(house.send_all() == 5);
}

TEST_CASE("rate limits: a reload changes the limit at once, and calls those who wait") {
  House house(office(5));
  CHECK(house.send_all() == 5);
  CHECK_FALSE(house.send());
  house.called.clear();
  house.limits->reconfigured(office(8));
  CHECK(house.called == std::vector{kFirst});
  CHECK(house.send_all() == 3);
  house.limits->reconfigured({});
  CHECK_FALSE(house.limits->take(kOffice, kFirst, instant_now()).wait_until);
  house.limits->reconfigured(office(9));
  CHECK(house.send_all() == 1);
}

TEST_CASE("rate limits: their status has what was used, and until when nothing is left") {
  House house({{kOffice, RateRule{"route office", {{2, 1min}, {500, 24h}}, {}}}});
  CHECK(house.send());
  auto status = house.limits->status(instant_now());
  REQUIRE(status.size() == 1);
  CHECK(status[0].routes == "route office");
  REQUIRE(status[0].limits.size() == 2);
  CHECK(status[0].limits[0].limit == "2/m");
  CHECK(status[0].limits[0].used == 1);
  CHECK_FALSE(status[0].next);
  CHECK(house.send());
  status = house.limits->status(instant_now());
  CHECK(status[0].next == house.time.wall() + 1min + 1ms);
}
