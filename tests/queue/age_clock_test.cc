// The age of mail: continues over restarts, and ignores steps of the wall clock.
#include "queue/age_clock.h"

#include <catch2/catch.hpp>

#include "tests/support/forgetful_disk.h"

using namespace mxpress;
using namespace std::chrono_literals;
using mxpress::queue::AgeClock;
using mxpress::test::ForgetfulDisk;

namespace {

struct Host {
  Host() {
    REQUIRE(disk.make_folder("/spool"));
    REQUIRE(disk.sync_folder("/"));
  }
  AgeClock open() {
    return AgeClock(disk, "/spool", {[this] { return wall; }, [this] { return since_boot; }});
  }
  void pass(Duration time) {
    wall += time;
    since_boot += time;
  }
  // A run of this length that ends with a mark.
  Duration run(Duration time) {
    auto clock = open();
    REQUIRE(clock.mark());
    pass(time);
    REQUIRE(clock.mark());
    return clock.now();
  }
  void reboot(WallTime now) {
    since_boot = 10s;
    wall = now;
  }

  ForgetfulDisk disk;
  WallTime wall{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Duration since_boot = 1h;
};

WallTime year(int number) { return std::chrono::sys_days(std::chrono::year(number) / 1 / 1); }

}  // namespace

TEST_CASE("the age clock begins with a millisecond and goes with the time since boot") {
  Host host;
  const auto clock = host.open();
  CHECK(clock.now() == 1ms);
  host.pass(3h);
  CHECK(clock.now() == 3h + 1ms);
  host.wall = year(2106);
  CHECK(clock.now() == 3h + 1ms);
}

TEST_CASE("the age clock goes on where the last run ended, and counts the time between") {
  Host host;
  const auto before = host.run(2h);
  host.pass(90min);
  CHECK(host.open().now() == before + 90min);
}

TEST_CASE("the age clock counts no more than a day between two runs") {
  Host host;
  const auto before = host.run(2h);
  host.reboot(year(2106));
  CHECK(host.open().now() == before + 24h);
}

TEST_CASE("the age clock never goes back") {
  Host host;
  const auto before = host.run(2h);
  host.reboot(year(1970));
  CHECK(host.open().now() == before);
}

TEST_CASE("the age clock starts again when its file is damaged or gone") {
  Host host;
  host.run(2h);
  for (const auto* text : {"", "x", "12", "-5 3", "99999999999999999999 1", "1152921504606846976 0"}) {
    host.disk.replace("/spool/age", text);
    CHECK(host.open().now() == 1ms);
  }
}

TEST_CASE("a mark of the age clock survives a loss of power") {
  Host host;
  const auto before = host.run(2h);
  host.disk.restart(ForgetfulDisk::Cut::nothing);
  CHECK(host.open().now() == before);
}
