// Mail hosts that accept few connections, and many sites at one address: limits, shares of connections, and that a host that is only busy
// causes no backoff.
#include <algorithm>
#include <catch2/catch.hpp>

#include "mta/delivery/loads.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::int64_t kMallory = 1001, kAlice = 1002, kBob = 1003;

// A victim's host, which domains of others also name, beside a host of their own: each of these domains is a site.
struct Victim : Simulation {
  SimulatedHost host, own;

  explicit Victim(const std::string& toml = "") : Simulation(toml) {
    dns->mx("victim.example", 10, "mx.victim.example").a("mx.victim.example", "192.0.2.1");
    Simulation::host("192.0.2.1:25", host);
    Simulation::host("192.0.2.2:25", own);
  }
  std::string parasite(int number) {
    const std::string domain = "p" + std::to_string(number) + ".example";
    dns->mx(domain, 10, "mx.victim.example").mx(domain, 20, "mx." + domain).a("mx." + domain, "192.0.2.2");
    return "you@" + domain;
  }
  // Submits this many messages to each of this many of them.
  void submit_to_parasites(int domains, int letters = 1) {
    for (int letter = 0; letter < letters; ++letter)
      for (int number = 0; number < domains; ++number) submit_as(kMallory, "mallory@here.example", {parasite(number)});
  }
  void submit_as_alice(int letters = 1) {
    for (int n = 0; n < letters; ++n) submit_as(kAlice, "alice@here.example", {"you@victim.example"});
  }
  std::size_t from(const std::string& whom) const {
    return static_cast<std::size_t>(std::count_if(host.received.begin(), host.received.end(),
                                                  [&](const SimulatedMail& mail) { return mail.sender.find(whom) != std::string::npos; }));
  }
  std::size_t lines(const std::string& with) const {
    return static_cast<std::size_t>(
        std::count_if(log.begin(), log.end(), [&](const std::string& line) { return line.find(with) != line.npos; }));
  }
  bool has_backed_off() { return lines("next_probe_in=") + lines("outcome=deferred") > 0; }
};

}  // namespace

TEST_CASE(
    "busy host: sixty sites of one user at an address have no more connections to it than one site, and others' mail leaves at once") {
  Victim world;
  world.host.greeting = "220-wait";
  world.submit_to_parasites(60);
  world.run_for(seconds(10));
  CHECK(world.host.most_open == 8);
  world.host.greeting = "220 ready";
  world.submit_as_alice();
  world.run_for(seconds(1));
  CHECK(world.from("alice") == 1);
  world.run_for(minutes(4));
  CHECK(world.own.received.empty());  // a busy host is no reason to try another one
  CHECK(world.host.most_open <= 10);
  world.run_for(minutes(5));  // silent ones have timed out
  CHECK(world.queued() == 0);
}

TEST_CASE("busy host: a host that takes five connections and refuses more gets all mail, and nothing backs off") {
  Victim world;
  world.host.takes_at_a_time = 5;
  world.host.takes = milliseconds(200);
  SECTION("one site") {
    world.submit_as_alice(300);
    REQUIRE(world.run_until([&] { return world.queued() == 0; }, minutes(1)));
    CHECK(world.host.connections <= 20);
  }
  SECTION("many sites") {
    world.submit_to_parasites(60, 3);
    world.run_for(seconds(1));
    world.submit_as_alice(20);
    REQUIRE(world.run_until([&] { return world.from("alice") == 20; }, seconds(15)));
    REQUIRE(world.run_until([&] { return world.queued() == 0; }, minutes(2)));
    CHECK(world.own.received.empty());
  }
  CHECK(world.host.most_open == 5);
  CHECK_FALSE(world.has_backed_off());
  CHECK(world.lines("attempt") == world.host.received.size());
}

TEST_CASE("busy host: of many sites with two hosts at one address, which says nothing, each backs off") {
  Victim world;
  world.host.greeting = "220-wait";
  for (int n = 0; n < 30; ++n) {
    const std::string domain = "p" + std::to_string(n) + ".example";
    for (const std::string& host : {"a." + domain, "b." + domain}) world.dns->mx(domain, 10, host).a(host, "192.0.2.1");
    world.submit_as(kMallory, "mallory@here.example", {"you@" + domain});
  }
  world.run_for(minutes(45));
  CHECK(world.lines(" attempt outcome=deferred") >= 30);
}

TEST_CASE("busy host: a refusal while no connection is open there backs off") {
  Victim world;
  world.host.greeting = "421 4.3.2 not now";
  world.submit_as_alice(3);
  world.run_for(seconds(10));
  CHECK(world.host.connections == 1);
  CHECK(world.lines("next_probe_in=") == 1);
  CHECK(world.status().at(0).next_probe);
}

TEST_CASE("busy host: a hundred thousand letters that wait for a connection are not looked at one by one") {
  Victim world("delivery.max_sessions_per_site = 1\n");
  world.host.greeting = "220-wait";
  world.submit_to_parasites(1);
  world.run_for(seconds(1));
  REQUIRE(*world.host.open == 1);
  for (int n = 0; n < 1'000; ++n) world.submit_as_alice();
  world.run_for(minutes(2));
  CHECK(world.host.connections == 1);
  CHECK(world.status().at(1).in_flight == 0);
}

TEST_CASE("busy host: where one connection is allowed, users whose mail waits for it take turns, also where one's mail never ends") {
  Victim world("delivery.max_sessions_per_site = 1\n");
  world.host.takes = milliseconds(100);
  world.submit_to_parasites(20, 50);
  world.run_for(seconds(5));
  const std::size_t before = world.host.received.size();
  world.submit_as_alice();
  world.submit_as(kBob, "bob@here.example", {world.parasite(3)});
  world.run_for(seconds(8));
  CHECK(world.from("alice") == 1);
  CHECK(world.from("bob") == 1);
  CHECK(world.host.received.size() > before + 40);
  CHECK(world.host.most_open == 1);
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, minutes(10)));
  CHECK(world.host.connections < 300);  // a connection that others want still serves several messages
}

TEST_CASE("busy host: what an operator wants of mail that waits for a connection happens at once") {
  Victim world("delivery.max_sessions_per_site = 1\n");
  world.host.greeting = "220-wait";
  world.submit_to_parasites(1);
  world.run_for(seconds(1));
  const auto held = world.submit_as(kAlice, "alice@here.example", {"you@victim.example"});
  const auto removed = world.submit_as(kAlice, "alice@here.example", {"you@victim.example"});
  world.run_for(seconds(1));
  CHECK(world.act(queue::ActionKind::hold, held) == mta::delivery::ActionEffect::done);
  CHECK(world.act(queue::ActionKind::remove, removed) == mta::delivery::ActionEffect::done);
  world.host.greeting = "220 ready";
  world.run_for(minutes(10));
  CHECK(world.from("alice") == 0);
  CHECK(world.load(held).held);
  CHECK(world.load(removed).ended);
}

TEST_CASE("busy host: of hosts of equal preference the one that is not busy takes the mail") {
  Victim world("delivery.max_sessions_per_site = 1\n");
  world.host.greeting = "220-wait";
  world.submit_to_parasites(1);
  world.run_for(seconds(1));
  world.dns->mx("two.example", 10, "mx.victim.example").mx("two.example", 10, "mx2.example").a("mx2.example", "192.0.2.2");
  for (int n = 0; n < 10; ++n) world.submit_as(kAlice, "alice@here.example", {"you@two.example"});
  world.run_for(seconds(5));
  CHECK(world.own.received.size() == 10);
}

TEST_CASE("busy host: those who look are told why mail waits") {
  Victim world("delivery.max_sessions_per_site = 1\n");
  world.host.greeting = "220-wait";
  world.submit_to_parasites(1);
  world.run_for(seconds(1));
  world.submit_as_alice();
  world.run_for(seconds(1));
  for (const auto& row : world.status()) {
    if (row.destination != "victim.example") continue;
    REQUIRE(row.last);
    CHECK(row.last->text.find("takes no more connections") != std::string::npos);
    CHECK(row.last->host == "mx.victim.example");
  }
}

TEST_CASE("busy host: mail that waits for a connection is not read each time it asks for one") {
  Victim world("delivery.max_sessions_per_site = 1\n");
  world.host.greeting = "220-wait";
  world.submit_to_parasites(5);
  world.run_for(seconds(10));
  const std::uint64_t before = world.loads().under_way.counters().charges;
  world.run_for(minutes(2));
  CHECK(world.host.connections == 1);
  CHECK(world.loads().under_way.counters().charges == before);
}
