// Shares of sessions when there are too few: slow and dead hosts do not delay the mail of others.
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

// Eight sessions; a quick host, and forty that greet with the first of several lines and delay the rest for five minutes.
struct World : Simulation {
  SimulatedHost quick, slow;
  std::vector<std::string> slow_mailboxes;

  World(const std::string& more = "") : Simulation("delivery.max_sessions = 8\ndelivery.max_sessions_per_site = 4\n" + more) {
    slow.greeting = "220-wait";
    add("quick.example", "192.0.2.1", quick);
    for (int i = 0; i < 40; ++i) {
      const std::string domain = "slow" + std::to_string(i) + ".example";
      add(domain, "192.0.2." + std::to_string(100 + i), slow);
      slow_mailboxes.push_back("you@" + domain);
    }
  }

  // Submits this many waiting messages to each of this many hosts; each message takes a host a second.
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
  CHECK(world.slow.connections == 2);  // each of the two workers has two for such hosts, and one of them stays free for other owners
  world.submit("me@here.example", {"you@quick.example"});
  world.run_for(seconds(5));
  CHECK(world.quick.received.size() == 2);
}

TEST_CASE("fairness: hosts that are known to hang do not take the sessions of those that nothing is known about") {
  World world;
  world.submit("me@here.example", world.slow_mailboxes);
  world.run_for(hours(2));  // each of them has delayed something for five minutes
  REQUIRE(world.slow.connections >= 40);
  world.submit("me@here.example", {"you@quick.example"});
  world.run_for(seconds(5));
  CHECK(world.quick.received.size() == 1);
}

TEST_CASE("fairness: a new message need not wait until all the domains before it have been looked up") {
  World world("delivery.mta_sts = true\n");
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
  world.run_for(seconds(20));  // all sessions that one owner may have are taken by proven hosts
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
  CHECK(busy.connections <= 120);
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
  CHECK(site.standing() == mta::delivery::Standing::slow);
  site.succeeded(10, minutes(1));
  CHECK(site.standing() == mta::delivery::Standing::proven);
}

namespace {

constexpr std::int64_t kMallory = 1001, kAlice = 1002, kBob = 1003;

// A thousand hosts that accept connections and stay silent, with mail of one user; and some hosts without any history.
struct Hanging : Simulation {
  SimulatedHost hanging, other;

  Hanging() : Simulation("delivery.max_sessions = 100\n") {
    hanging.greeting = "220-wait";
    std::vector<std::string> mailboxes;
    for (int i = 0; i < 1000; ++i) mailboxes.push_back(add("hang", i, hanging));
    submit_as(kMallory, "mallory@here.example", mailboxes);
  }
  std::string add(const std::string& name, int number, SimulatedHost& with) {
    const std::string domain = name + std::to_string(number) + ".example";
    const std::string address =
        (name == "hang" ? "10.0." : "10.1.") + std::to_string(number / 250) + "." + std::to_string(1 + number % 250);
    dns->mx(domain, 10, "mx." + domain).a("mx." + domain, address);
    host(address + ":25", with);
    return "you@" + domain;
  }
};

}  // namespace

TEST_CASE("fairness: mail of one user to a thousand hosts that say nothing does not delay another user's to a host that is new") {
  Hanging world;
  world.run_for(seconds(20));
  CHECK(world.hanging.connections == 36);  // two workers: three quarters of 25 each
  for (int i = 0; i < 6; ++i) world.submit_as(i < 3 ? kAlice : kBob, "them@here.example", {world.add("other", i, world.other)});
  world.run_for(seconds(5));
  CHECK(world.other.received.size() == 6);
}

TEST_CASE(
    "fairness: after a restart, mail of one user to a thousand hosts that say nothing does not delay another user's to his usual host") {
  Hanging world;
  const std::string usual = world.add("other", 0, world.other);
  world.submit_as(kAlice, "alice@here.example", {usual});
  world.run_for(seconds(5));
  world.crash();
  world.run_for(seconds(20));
  for (int i = 0; i < 3; ++i) world.submit_as(kAlice, "alice@here.example", {usual});
  world.run_for(seconds(5));
  CHECK(world.other.received.size() == 4);
}

TEST_CASE("fairness: a new host that a user without a place has mail for too is served at once for others") {
  Hanging world;
  world.run_for(seconds(20));
  const std::string recipient = world.add("other", 0, world.other);
  for (int i = 0; i < 3; ++i) world.submit_as(kMallory, "mallory@here.example", {recipient});
  world.run_for(seconds(5));
  CHECK(world.other.received.empty());
  world.submit_as(kAlice, "alice@here.example", {recipient});
  world.run_for(seconds(5));
  CHECK(world.other.received.size() >= 1);
  CHECK(std::any_of(world.other.received.begin(), world.other.received.end(),
                    [](const SimulatedMail& mail) { return mail.sender.find("alice") != std::string::npos; }));
}

TEST_CASE("fairness: a new host that waits for a connection has it in the turn of whoever writes to it, where thirty users take all") {
  Hanging world;
  world.run_for(seconds(5));
  for (int user = 0; user < 30; ++user) {
    std::vector<std::string> mailboxes;
    for (int i = 0; i < 20; ++i) mailboxes.push_back(world.add("hang", 1000 + 20 * user + i, world.hanging));
    world.submit_as(2000 + user, "many@here.example", mailboxes);
  }
  world.run_for(seconds(5));
  const std::string recipient = world.add("other", 0, world.other);
  for (const auto uid : {kMallory, kAlice}) world.submit_as(uid, "them@here.example", {recipient});
  world.run_for(seconds(1));
  REQUIRE(world.other.received.empty());
  std::vector<std::string> newer;
  for (int i = 0; i < 200; ++i) newer.push_back(world.add("hang", 2000 + i, world.hanging));
  world.submit_as(kMallory, "mallory@here.example", newer);
  world.run_for(minutes(11));  // each connection takes five minutes
  CHECK(world.other.received.size() == 2);
}

TEST_CASE("fairness: a user whose hosts were quick once and say nothing now leaves places to others") {
  Hanging world;
  SimulatedHost turning;
  std::vector<std::string> mailboxes;
  for (int i = 100; i < 300; ++i) mailboxes.push_back(world.add("other", i, turning));
  world.submit_as(kBob, "bob@here.example", mailboxes);
  REQUIRE(world.run_until([&] { return turning.received.size() == 200; }, minutes(2)));
  turning.takes = minutes(10);
  for (int round = 0; round < 3; ++round) world.submit_as(kBob, "bob@here.example", mailboxes);
  world.run_for(seconds(20));
  world.submit_as(kAlice, "alice@here.example", {world.add("other", 0, world.other)});
  world.run_for(seconds(5));
  CHECK(world.other.received.size() == 1);
}

TEST_CASE("fairness: all mail of one user to hosts that say nothing has had its turn, though he may not have all places") {
  Hanging world;
  REQUIRE(world.run_until([&] { return world.hanging.connections >= 1000; }, hours(3)));
}

namespace {

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
  // The position of Alice's message among those that the host has received.
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

TEST_CASE("fairness: while one user's letters to a host take their time, another user's begins at once") {
  Shared world;
  const bool is_new = GENERATE(true, false);
  world.reload("");  // ten sessions
  if (!is_new) {
    world.there.takes = seconds(0);
    world.submit_many(40);
    world.run_for(minutes(1));
    REQUIRE(world.there.received.size() == 40);
  }
  const int connections = world.there.connections;
  world.there.takes = minutes(9);
  world.submit_many(30);
  world.run_for(seconds(5));
  CHECK(world.there.connections - connections == (is_new ? 1 : 8));
  world.there.takes = seconds(0);
  world.there.received.clear();
  world.submit_as(kAlice, "alice@here.example", {"you@also.example"});
  world.run_for(seconds(5));
  CHECK(world.place_of_alice() < world.there.received.size());
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, hours(1)));
}

TEST_CASE("fairness: two domains of one host take turns, however often no session is free") {
  Shared world;
  world.there.takes = minutes(1);
  for (int i = 0; i < 20; ++i) world.submit_as(kMallory, "mallory@here.example", {i % 2 == 0 ? "you@there.example" : "you@also.example"});
  REQUIRE(world.run_until([&] { return world.there.received.size() == 10; }, hours(1)));
  const auto to_one = std::count_if(world.there.received.begin(), world.there.received.end(),
                                    [](const SimulatedMail& mail) { return mail.recipients.find("also") != std::string::npos; });
  CHECK(to_one >= 4);
  CHECK(to_one <= 6);
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
