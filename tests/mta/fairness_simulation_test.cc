// Who gets the sessions when there are not enough for all: slow and dead hosts do not keep the mail of others waiting.
#include <algorithm>
#include <catch2/catch.hpp>

#include "mta/delivery/site.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

// Eight sessions; a quick host, and forty that greet with the first of several lines: for the rest they keep us waiting for five minutes.
struct World : Simulation {
  SimulatedHost quick, slow;
  std::vector<std::string> slow_mailboxes;

  World() : Simulation("delivery.max_sessions = 8\ndelivery.max_sessions_per_site = 4\n") {
    slow.greeting = "220-wait";
    add("quick.example", "192.0.2.1", quick);
    for (int i = 0; i < 40; ++i) {
      const std::string domain = "slow" + std::to_string(i) + ".example";
      add(domain, "192.0.2." + std::to_string(100 + i), slow);
      slow_mailboxes.push_back("you@" + domain);
    }
  }

  // So many hosts, each with so many messages that wait for it, each of which takes it a second.
  void submit_to_busy_hosts(SimulatedHost& busy, int hosts, int messages) {
    busy.takes = seconds(1);
    for (int i = 0; i < hosts; ++i) {
      const std::string domain = "busy" + std::to_string(i) + ".example";
      add(domain, "192.0.2." + std::to_string(10 + i), busy);
      for (int n = 0; n < messages; ++n) submit("me@here.example", {"you@" + domain});
    }
  }

  void add(const std::string& domain, const std::string& address, SimulatedHost& with) {
    dns->mx(domain, 10, "mx." + domain).a("mx." + domain, address);
    host(address + ":25", with);
  }
};

}  // namespace

TEST_CASE("fairness: slow hosts do not take the sessions of those that have proved to take mail") {
  World world;
  world.submit("me@here.example", {"you@quick.example"});
  world.run_for(seconds(5));
  REQUIRE(world.quick.received.size() == 1);
  world.submit("me@here.example", world.slow_mailboxes);
  world.run_for(seconds(5));
  CHECK(world.slow.connections == 4);
  world.submit("me@here.example", {"you@quick.example"});
  world.run_for(seconds(5));
  CHECK(world.quick.received.size() == 2);
}

TEST_CASE("fairness: hosts that are known to hang do not take the sessions of those that nothing is known about") {
  World world;
  world.submit("me@here.example", world.slow_mailboxes);
  world.run_for(hours(2));  // all of them have kept somebody waiting for five minutes
  REQUIRE(world.slow.connections >= 40);
  world.submit("me@here.example", {"you@quick.example"});
  world.run_for(seconds(5));
  CHECK(world.quick.received.size() == 1);
}

TEST_CASE("fairness: a new message need not wait until all the domains before it have been looked up") {
  World world;
  for (int i = 0; i < 1000; ++i) {
    const std::string domain = "d" + std::to_string(i) + ".example";
    world.dns->mx(domain, 10, "mx.slow0.example");
    world.submit("me@here.example", {"you@" + domain});
  }
  world.dns->delay = seconds(1);
  world.run_for(seconds(5));
  world.submit("me@here.example", {"you@quick.example"});
  world.run_for(seconds(8));  // those before it take 40 seconds, 50 at a time
  CHECK(world.quick.received.size() == 1);
}

TEST_CASE("fairness: hosts that always have mail let others have a session after some deliveries") {
  World world;
  SimulatedHost busy;
  world.submit_to_busy_hosts(busy, 8, 200);
  world.run_for(seconds(20));  // all eight sessions are taken by hosts that have proved to take mail
  REQUIRE(busy.received.size() > 100);
  world.submit("me@here.example", {"you@quick.example"});
  world.run_for(seconds(15));
  CHECK(world.quick.received.size() == 1);
  CHECK(busy.received.size() < 400);  // 1,600 wait
}

TEST_CASE("fairness: where sessions are short, the next message to a host goes over the session that the one before has left") {
  World world;
  SimulatedHost busy;
  world.submit_to_busy_hosts(busy, 40, 9);
  world.run_for(minutes(5));
  CHECK(busy.received.size() == 360);
  CHECK(busy.connections <= 100);
}

TEST_CASE("fairness: hosts that nothing is known about and those that are known to hang leave half of the sessions to the others") {
  World world;
  world.submit("me@here.example", world.slow_mailboxes);
  world.run_for(hours(2));
  SimulatedHost unknown;
  unknown.greeting = world.slow.greeting;
  for (int i = 0; i < 40; ++i) {
    const std::string domain = "new" + std::to_string(i) + ".example";
    world.add(domain, "192.0.2." + std::to_string(10 + i), unknown);
    world.submit("me@here.example", {"you@" + domain});
  }
  world.run_for(minutes(8));
  const int before = world.slow.connections + unknown.connections;
  world.run_for(minutes(5));  // each connection takes five minutes
  CHECK(world.slow.connections + unknown.connections - before <= 4);
}

TEST_CASE("fairness: a host that crawls is not proven until it is quick again") {
  mta::delivery::Site site;
  CHECK(site.standing() == mta::delivery::Standing::unproven);
  site.succeeded(10, seconds(1));
  CHECK(site.standing() == mta::delivery::Standing::proven);
  site.succeeded(10, minutes(2));
  CHECK(site.standing() == mta::delivery::Standing::unproven);
  site.succeeded(10, minutes(1));
  CHECK(site.standing() == mta::delivery::Standing::proven);
}

namespace {

constexpr std::int64_t kMallory = 1001, kAlice = 1002;

// One host for two domains that takes a message in a second, over one session.
struct Shared : Simulation {
  SimulatedHost there;

  Shared() : Simulation("delivery.max_sessions_per_site = 1\n") {
    there.takes = seconds(1);
    for (const char* domain : {"there.example", "also.example"}) dns->mx(domain, 10, "mx.there.example");
    dns->a("mx.there.example", "192.0.2.1");
    host("192.0.2.1:25", there);
  }
  void submit_many(int count) {
    for (int i = 0; i < count; ++i) submit_as(kMallory, "mallory@here.example", {"you@there.example"});
  }
  // The place of Alice's message among those that the host has received.
  std::size_t place_of_alice() const {
    const auto found = std::find_if(there.received.begin(), there.received.end(),
                                    [](const SimulatedMail& mail) { return mail.sender.find("alice") != std::string::npos; });
    return static_cast<std::size_t>(found - there.received.begin());
  }
};

}  // namespace

TEST_CASE("fairness: a message of one user to a host passes the hundreds of another user's that wait for it") {
  Shared world;
  const std::string recipient = GENERATE("you@there.example", "you@also.example");
  world.submit_many(400);
  SECTION("handed in later") {
    world.run_for(seconds(10));
    const std::size_t before = world.there.received.size();
    world.submit_as(kAlice, "alice@here.example", {recipient});
    world.run_for(seconds(10));
    CHECK(world.place_of_alice() <= before + 2);
  }
  SECTION("after a restart") {
    world.submit_as(kAlice, "alice@here.example", {recipient});
    world.crash();
    world.there.received.clear();
    world.run_for(seconds(10));
    CHECK(world.place_of_alice() <= 2);
  }
  CHECK(world.place_of_alice() < world.there.received.size());
  world.run_for(minutes(10));
  CHECK(world.queued() == 0);
}

TEST_CASE("fairness: when a host works again, users whose mail waited for it take turns") {
  Shared world;
  world.refuse("192.0.2.1:25");
  world.submit_many(100);
  world.run_for(seconds(5));
  world.submit_as(kAlice, "alice@here.example", {"you@there.example"});
  world.run_for(minutes(30));
  world.host("192.0.2.1:25", world.there);
  REQUIRE(world.run_until([&] { return world.there.received.size() >= 4; }, hours(2)));
  CHECK(world.place_of_alice() < 4);
}

TEST_CASE("fairness: while a host is down, mail of each user is the probe in its turn") {
  Shared world;
  world.refuse("192.0.2.1:25");
  world.submit_many(100);
  world.run_for(seconds(5));
  const auto id = world.submit_as(kAlice, "alice@here.example", {"you@there.example"});
  REQUIRE(world.run_until([&] { return world.connections().size() >= 3; }, hours(2)));
  world.run_for(seconds(1));
  CHECK(world.load(id).recipients[0].attempts == 1);
}

TEST_CASE("fairness: failures of one user's mail to a domain that does not exist do not delay the end of another user's") {
  Shared world;
  world.dns->delay = seconds(1);
  for (int i = 0; i < 400; ++i) world.submit_as(kMallory, "", {"you@nowhere.example"});
  const std::string id = world.submit_as(kAlice, "", {"you@nowhere.example"}).to_string();
  world.run_for(minutes(5));
  REQUIRE(world.queued() == 0);
  const auto first = std::find_if(world.log.begin(), world.log.end(), [](const auto& line) { return line.find("attempt") != line.npos; });
  const auto of_alice = std::find_if(first, world.log.end(), [&](const auto& line) { return line.find(id) != line.npos; });
  CHECK(of_alice != world.log.end());
  CHECK(of_alice - first <= 2);
}
