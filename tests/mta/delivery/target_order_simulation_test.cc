// The distribution of many messages over mail hosts. Virtual time.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

// there.example with four mail hosts at 192.0.2.1 to .4, which end each session after one message.
struct World : Simulation {
  explicit World(std::array<std::uint16_t, 4> preferences = {10, 10, 10, 10}) {
    for (int i = 0; i < 4; ++i) {
      const std::string name = "mx" + std::to_string(i + 1) + ".there.example";
      dns->mx("there.example", preferences[i], name).a(name, address(i));
      hosts[i].hangs_up = true;
      host(address(i) + ":25", hosts[i]);
    }
  }
  static std::string address(int host) { return "192.0.2." + std::to_string(host + 1); }
  std::size_t taken(int host) const { return hosts[host].received.size(); }
  std::size_t taken() const { return taken(0) + taken(1) + taken(2) + taken(3); }
  auto asked(int host) const { return std::count(connections().begin(), connections().end(), address(host) + ":25"); }
  // Submits one after the other, at this interval.
  void send(int count, Duration every) {
    for (int i = 0; i < count; ++i) {
      submit("me@here.example", {"you@there.example"});
      run_for(every);
    }
  }
  std::array<SimulatedHost, 4> hosts;
};

}  // namespace

TEST_CASE("mail hosts: four of equal preference share the mail of one lookup") {
  World world;
  world.send(200, seconds(2));  // less than the ten minutes of the answer's TTL
  CHECK(world.taken() == 200);
  for (int i = 0; i < 4; ++i) {
    CAPTURE(i);
    CHECK(world.taken(i) > 25);
  }
}

TEST_CASE("mail hosts: the addresses of one host share its mail, too") {
  World world;
  world.dns->mx("one.example", 10, "mx.one.example");
  for (int i = 0; i < 4; ++i) world.dns->a("mx.one.example", World::address(i));
  for (int i = 0; i < 100; ++i) {
    world.submit("me@here.example", {"you@one.example"});
    world.run_for(seconds(2));
  }
  for (int i = 0; i < 4; ++i) CHECK(world.taken(i) > 10);
}

TEST_CASE("mail hosts: a session that is open is used before another host is asked") {
  World world;
  for (auto& host : world.hosts) host.hangs_up = false;
  world.send(50, std::chrono::milliseconds(500));
  CHECK(world.taken() == 50);
  CHECK(world.connections().size() <= 4);
}

TEST_CASE("mail hosts: one of equals that does not answer is asked once in five minutes, not for each message") {
  World world;
  world.refuse("192.0.2.1:25");
  world.send(280, seconds(1));
  CHECK(world.taken() == 280);
  CHECK(world.asked(0) == 1);
  world.send(280, seconds(1));
  CHECK(world.asked(0) == 2);
  CHECK(world.queued() == 0);
}

TEST_CASE("mail hosts: a backup takes the mail while the best one does not answer, which gets it again within five minutes") {
  World world({10, 20, 20, 30});
  world.send(20, seconds(1));
  CHECK(world.taken(0) == 20);
  world.refuse("192.0.2.1:25");
  world.send(100, seconds(2));
  CHECK(world.asked(0) == 20 + 1);
  CHECK(world.taken(1) + world.taken(2) == 100);
  world.host("192.0.2.1:25", world.hosts[0]);
  world.run_for(minutes(5));
  world.send(10, seconds(1));
  CHECK(world.taken(0) == 30);
  CHECK(world.taken(3) == 0);
}

TEST_CASE("mail hosts: one that refuses in its greeting comes last, too, and one that is busy for one message does not") {
  World world({10, 20, 20, 30});
  SECTION("greeting") {
    world.hosts[0].greeting = "421 4.3.2 not now";
    world.send(50, seconds(1));
    CHECK(world.asked(0) == 1);
  }
  SECTION("one message") {
    world.hosts[0].rcpt = [](const std::string& recipient) {
      return recipient.find("busy") != std::string::npos ? "421 4.3.2 not now" : "250 2.1.5 ok";
    };
    world.submit("me@here.example", {"busy@there.example"});
    world.run_for(seconds(1));
    world.send(50, seconds(1));
    CHECK(world.taken(0) == 50);
  }
}

TEST_CASE("mail hosts: the retry after greylisting asks the same one of four") {
  World world;
  std::vector<int> asked;
  for (int i = 0; i < 4; ++i)
    world.hosts[i].rcpt = [&asked, i](const std::string&) {
      asked.push_back(i);
      const bool is_new = std::count(asked.begin(), asked.end(), i) == 1;
      return is_new ? "451 4.7.1 greylisted" : "250 2.1.5 ok";
    };
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(hours(1));
  REQUIRE(asked.size() == 2);
  CHECK(asked[0] == asked[1]);
  CHECK(world.taken() == 1);
}

TEST_CASE("mail hosts: one that always breaks off after the dot does not keep the mail from the others, also after a restart") {
  World world({10, 20, 30, 40});
  world.hosts[0].dot = [] { return ""; };
  const auto id = world.submit("me@here.example", {"you@there.example", "her@there.example"});
  world.run_for(seconds(10));
  CHECK(world.load(id).recipients[0].last->maybe_delivered);
  CHECK(world.asked(1) == 0);
  SECTION("in one run") {}
  SECTION("after a restart") { world.crash(); }
  world.run_for(minutes(3));
  CHECK(world.taken(1) == 1);
  CHECK(world.hosts[0].connections == 1);
  CHECK(world.queued() == 0);
}

TEST_CASE("mail hosts: two that break off after the dot are asked in turn, and a single one again and again") {
  World world({10, 20, 0, 0});
  world.dns->forget("there.example").mx("there.example", 10, "mx1.there.example");
  world.hosts[0].dot = world.hosts[1].dot = [] { return ""; };
  SECTION("two") {
    world.dns->mx("there.example", 20, "mx2.there.example");
    world.submit("me@here.example", {"you@there.example"});
    world.run_for(hours(1));
    const auto& asked = world.connections();
    REQUIRE(asked.size() >= 4);
    for (std::size_t i = 0; i + 1 < asked.size(); ++i) CHECK(asked[i] != asked[i + 1]);
  }
  SECTION("one") {
    world.submit("me@here.example", {"you@there.example"});
    world.run_for(hours(1));
    CHECK(world.asked(0) >= 4);
  }
}

TEST_CASE("mail hosts: of four equals one that breaks off after the dot costs a message one retry at most") {
  World world;
  world.hosts[2].dot = [] { return ""; };
  world.send(40, seconds(2));
  world.run_for(minutes(10));
  CHECK(world.queued() == 0);
  CHECK(world.taken() == 40);
}
