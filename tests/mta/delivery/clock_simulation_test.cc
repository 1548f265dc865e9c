// Hosts that boot with a wrong clock: nothing expires because of it, and nothing waits without end. In virtual time, with the real delivery
// and spool.
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using queue::RecipientStage;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

WallTime year(int number) { return std::chrono::sys_days(std::chrono::year(number) / 1 / 1); }

// there.example refuses for now, here.example accepts the notices.
struct World : Simulation {
  SimulatedHost there, here;

  explicit World(const std::string& toml = "") : Simulation(toml) {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.2");
    host("192.0.2.1:25", there);
    host("192.0.2.2:25", here);
    defer();
  }
  void defer() {
    there.rcpt = [](const std::string&) { return "451 4.7.1 later"; };
  }
  void accept() {
    there.rcpt = [](const std::string&) { return "250 2.1.5 ok"; };
  }
  queue::QueueId submit() { return Simulation::submit("me@here.example", {"you@there.example"}); }
  void boot_in(WallTime now) {
    time.step_wall(now - time.wall());
    crash();
  }
  // Submitted under a wrong clock, which is corrected two hours later.
  queue::QueueId submit_in(WallTime wrong_time) {
    const WallTime true_time = time.wall();
    boot_in(wrong_time);
    const auto id = submit();
    run_for(hours(2));
    boot_in(true_time + hours(2));
    return id;
  }
  bool waits(queue::QueueId id) { return load(id).recipients[0].stage == RecipientStage::pending; }
  bool arrives() {
    accept();
    return run_until([&] { return there.received.size() == 1; }, hours(5));
  }
};

}  // namespace

TEST_CASE("clock: a boot in 2106 returns nothing, and the mail is delivered") {
  World world;
  const auto id = world.submit();
  world.run_for(hours(1));
  world.boot_in(year(2106));
  world.run_for(hours(8));
  CHECK(world.load(id).recipients[0].attempts > 5);
  REQUIRE(world.waits(id));
  CHECK(world.arrives());
}

TEST_CASE("clock: a boot in 1970 returns nothing, and the mail is tried within hours") {
  World world;
  const auto id = world.submit();
  world.run_for(hours(1));
  world.boot_in(year(1970));
  world.run_for(hours(1));
  REQUIRE(world.waits(id));
  CHECK(world.arrives());
}

TEST_CASE("clock: back from 2106 the mail does not wait for the next try that was noted there") {
  World world;
  const auto id = world.submit_in(year(2106));
  world.run_for(minutes(1));
  REQUIRE(world.waits(id));
  CHECK(world.arrives());
}

TEST_CASE("clock: back from 2106 mail waits no longer than its own destination's schedule, whatever other destinations have") {
  World world("[destination.\"other.example\"]\nretry = { schedule = \"3d*\" }\n");
  SECTION("for the host's reply") { REQUIRE(world.waits(world.submit_in(year(2106)))); }
  SECTION("for its mail hosts") {
    world.refuse("192.0.2.1:25");
    REQUIRE(world.waits(world.submit_in(year(2106))));
    world.host("192.0.2.1:25", world.there);
  }
  SECTION("for its lookup") {
    world.dns->fail("there.example");
    REQUIRE(world.waits(world.submit_in(year(2106))));
    world.dns->forget("there.example").mx("there.example", 10, "mx.there.example");
  }
  CHECK(world.arrives());
}

TEST_CASE("clock: a step of the wall clock by days while a delivery is under way delays no try") {
  World world;
  world.accept();
  world.there.takes = minutes(1);
  world.there.dot = [] { return "450 4.2.1 later"; };
  const auto id = world.submit();
  world.run_for(std::chrono::seconds(30));
  world.time.step_wall(GENERATE(-days(2), days(2)));
  world.run_for(minutes(1));
  REQUIRE(world.waits(id));
  REQUIRE(world.load(id).recipients[0].attempts == 1);
  world.there.dot = [] { return "250 2.0.0 taken"; };
  world.run_for(minutes(3));
  CHECK_FALSE(world.waits(id));
}

TEST_CASE("clock: what was accepted in 1970 does not expire when the clock is set and the host boots again") {
  World world;
  const auto id = world.submit_in(year(1970));
  world.run_for(hours(8));
  REQUIRE(world.waits(id));
  CHECK(world.arrives());
}

TEST_CASE("clock: mail expires after its lifetime though the host boots twice a day") {
  World world;
  const auto id = world.submit();
  for (int half_day = 1; half_day <= 9; ++half_day) {
    world.run_for(hours(12));
    world.crash();
  }
  world.run_for(hours(11));
  CHECK(world.waits(id));
  world.run_for(hours(6));
  CHECK(world.load(id).recipients[0].stage == RecipientStage::ended);
}
