// Days on which this host cannot send, in virtual time.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "mta/delivery/outages.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using queue::RecipientStage;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

// Domains d0.example ... with a mail host each, in a network of its own.
struct World : Simulation {
  std::vector<std::unique_ptr<SimulatedHost>> hosts;

  explicit World(const std::string& toml = "", int domains = 5) : Simulation(toml) {
    dns->ns("", "a.root-servers.net");
    for (int i = 0; i < domains; ++i) {
      hosts.push_back(std::make_unique<SimulatedHost>());
      dns->mx(domain(i), 10, "mx." + domain(i)).a("mx." + domain(i), address(i));
      up(i);
    }
  }
  static std::string domain(int i) { return "d" + std::to_string(i) + ".example"; }
  static std::string address(int i) { return "198." + std::to_string(i % 200) + "." + std::to_string(i / 200) + ".1"; }
  void up(int i) { host(address(i) + ":25", *hosts[static_cast<std::size_t>(i)]); }
  void down(int i) { refuse(address(i) + ":25"); }
  void all_up() {
    for (int i = 0; i < int(hosts.size()); ++i) up(i);
  }
  void all_down() {
    for (int i = 0; i < int(hosts.size()); ++i) down(i);
  }
  queue::QueueId send_to(int i) { return submit("me@" + domain(0), {"you@" + domain(i)}); }
  std::size_t lines(const std::string& begin) const {
    return static_cast<std::size_t>(std::count_if(log.begin(), log.end(), [&](const auto& line) { return line.starts_with(begin); }));
  }
  bool is_out() { return !outages().empty(); }
  std::size_t received() const {
    std::size_t all = 0;
    for (const auto& one : hosts) all += one->received.size();
    return all;
  }
};

}  // namespace

TEST_CASE("outage: where no host can be reached it is one incident with few probes, and all mail leaves at its end") {
  World world("", 50);
  world.all_down();
  for (int i = 0; i < 500; ++i) world.send_to(i % 50);
  world.run_for(minutes(10));
  CHECK(world.lines("outage ") == 1);
  REQUIRE(world.outages().size() == 1);
  CHECK(world.outages()[0].way == "direct");
  CHECK(world.outages()[0].reason.find("connection refused") != std::string::npos);
  world.run_for(hours(2));
  const std::size_t before = world.connections().size();
  world.run_for(hours(6));
  CHECK(world.connections().size() - before <= 6 * 4 + 1);
  CHECK(world.received() == 0);
  world.all_up();
  CHECK(world.run_until([&] { return world.received() == 500; }, minutes(17)));
  world.run_for(seconds(10));
  CHECK(world.lines("outage ") == 1);
  CHECK(world.lines("outage_over ") == 1);
  CHECK(world.outages().empty());
  CHECK(world.queued() == 0);
}

TEST_CASE("outage: a thousand dead domains of somebody are none while other mail is delivered") {
  World world("", 1001);
  for (int i = 1; i <= 1000; ++i) world.down(i);
  for (int i = 1; i <= 1000; ++i) world.submit_as(666, "a@d0.example", {"x@" + World::domain(i)});
  for (int i = 0; i < 60; ++i) {
    world.send_to(0);
    world.run_for(minutes(5));
  }
  const auto is_mail = [](const SimulatedMail& mail) { return mail.recipients == "<you@d0.example>"; };  // the rest are notices of delays
  CHECK(std::count_if(world.hosts[0]->received.begin(), world.hosts[0]->received.end(), is_mail) == 60);
  CHECK(world.lines("outage ") == 0);
}

TEST_CASE("outage: one dead site, or two, are none") {
  World world;
  world.down(1);
  world.down(2);
  for (int i = 0; i < 20; ++i) {
    world.send_to(1);
    world.send_to(2);
    world.run_for(hours(1));
  }
  CHECK(world.lines("outage ") == 0);
}

TEST_CASE("outage: without a route one site is enough, and it ends when the network is back") {
  World world;
  world.all_down();
  world.refusal = "network is unreachable";
  world.has_route = false;
  world.send_to(1);
  world.run_for(minutes(2));
  REQUIRE(world.outages().size() == 1);
  CHECK(world.outages()[0].reason.find("no route") != std::string::npos);
  world.run_for(hours(20));
  world.all_up();
  world.has_route = true;
  CHECK(world.run_until([&] { return world.received() == 1; }, seconds(20)));
  CHECK(world.outages().empty());
}

TEST_CASE("outage: without a route to others the hosts of the same network get their mail") {
  World world;
  world.down(1);
  world.refusal = "network is unreachable";
  world.has_route = false;
  world.near = {World::address(0)};
  world.send_to(1);
  world.run_for(minutes(2));
  REQUIRE(world.is_out());
  world.send_to(0);
  CHECK(world.run_until([&] { return world.hosts[0]->received.size() == 1; }, seconds(5)));
  world.run_for(minutes(1));
  CHECK(world.is_out());
  CHECK(world.queued() == 1);
}

TEST_CASE("outage: a network that is unreachable is none while this host has a route") {
  World world;
  world.all_down();
  world.refusal = "network is unreachable";
  world.send_to(1);
  world.run_for(hours(20));
  CHECK(world.lines("outage ") == 0);
}

TEST_CASE("outage: no name server answers, and one question at a time finds out when they do") {
  World world;
  world.dns->forget("").fail("", "no answer from 192.0.2.53:53 within 5 s");
  for (int i = 0; i < 5; ++i) world.dns->fail(World::domain(i), "no answer from 192.0.2.53:53 within 5 s");
  for (int i = 0; i < 100; ++i) world.send_to(i % 5);
  world.run_for(minutes(10));
  REQUIRE(world.outages().size() == 1);
  CHECK(world.outages()[0].reason.find("name servers") != std::string::npos);
  world.run_for(hours(1));
  const std::size_t before = world.dns->asked.size();
  world.run_for(hours(5));
  CHECK(world.dns->asked.size() - before <= 2 * (5 * 4 + 1));
  world.dns->ns("", "a.root-servers.net");
  for (int i = 0; i < 5; ++i) world.dns->forget(World::domain(i)).mx(World::domain(i), 10, "mx." + World::domain(i));
  CHECK_FALSE(world.run_until([&] { return world.received() == 100; }, minutes(1)));
  world.dns->forget("").ns("", "a.root-servers.net");
  CHECK(world.run_until([&] { return world.received() == 100; }, minutes(17)));
  CHECK(world.lines("outage ") == 1);
  CHECK(world.lines("outage_over ") == 1);
}

TEST_CASE("outage: name servers that refuse are none while they may be full, but one when nothing is answered for longer") {
  World world;
  const auto refuse = [&world](const std::string& name) { world.dns->forget(name).fail(name, "REFUSED from 192.0.2.53:53"); };
  refuse("");
  for (int i = 0; i < 5; ++i) refuse(World::domain(i));
  for (int i = 0; i < 100; ++i) world.send_to(i % 5);
  SECTION("for a while") {
    world.run_for(minutes(9));
    CHECK_FALSE(world.is_out());
    world.dns->forget("").ns("", "a.root-servers.net");
    for (int i = 1; i < 5; ++i) world.dns->forget(World::domain(i)).mx(World::domain(i), 10, "mx." + World::domain(i));
    world.run_for(minutes(50));
    refuse("");
    world.run_for(minutes(20));
    CHECK(world.received() == 80);
    CHECK(world.lines("outage ") == 0);
  }
  SECTION("for hours") {
    world.run_for(hours(1));
    REQUIRE(world.is_out());
    CHECK(world.outages()[0].reason == "the name servers do not answer: REFUSED from 192.0.2.53:53");
    world.dns->forget("").ns("", "a.root-servers.net");
    world.run_for(minutes(17));
    CHECK_FALSE(world.is_out());
  }
  SECTION("and this host has no route") {
    world.has_route = false;
    world.run_for(minutes(1));
    world.send_to(0);
    world.run_for(minutes(10));
    CHECK(world.is_out());
  }
}

TEST_CASE("outage: domains whose own name servers are dead are none") {
  World world;
  for (int i = 0; i < 5; ++i) world.dns->fail(World::domain(i));
  for (int i = 0; i < 5; ++i) world.send_to(i);
  world.run_for(hours(20));
  CHECK(world.lines("outage ") == 0);
}

TEST_CASE("outage: its time is not of the lifetime of mail, and nobody is told of a delay") {
  World world("[retry]\noutage_lifetime = \"10d\"\n");
  world.all_down();
  for (int i = 1; i < 4; ++i) world.send_to(i);
  const auto id = world.send_to(4);
  world.run_for(hours(24 * 7));
  CHECK(world.queued() == 4);
  CHECK(world.lines("outage ") == 1);
  world.all_up();
  world.run_for(minutes(20));
  CHECK(world.load(id).recipients[0].stage == RecipientStage::delivered);
  CHECK(world.queued() == 0);
  CHECK(world.hosts[0]->received.empty());  // no notice
}

TEST_CASE("outage: mail is returned when it lasts longer than outage_lifetime as well") {
  World world("[retry]\nlifetime = \"2d\"\noutage_lifetime = \"1d\"\n");
  world.all_down();
  std::vector<queue::QueueId> ids;
  for (int i = 1; i < 4; ++i) ids.push_back(world.send_to(i));
  world.run_for(hours(71));
  for (const auto id : ids) CHECK(world.load(id).recipients[0].stage == RecipientStage::pending);
  world.run_for(hours(2));
  for (const auto id : ids) {
    const auto message = world.load(id);
    CHECK(message.recipients[0].expired);
    CHECK(message.recipients[0].last->text.find("this host cannot send directly") != std::string::npos);
  }
}

TEST_CASE("outage: it lasts over a restart, with its time, and without another alert") {
  World world("[retry]\noutage_lifetime = \"10d\"\n");
  world.all_down();
  for (int i = 1; i < 4; ++i) world.send_to(i);
  world.run_for(hours(24 * 3));
  world.restart(minutes(10));
  world.run_for(minutes(1));
  CHECK(world.is_out());
  world.run_for(hours(24 * 3));
  CHECK(world.queued() == 3);
  CHECK(world.lines("outage ") == 1);
  world.all_up();
  CHECK(world.run_until([&] { return world.received() == 3; }, minutes(17)));
  CHECK(world.lines("outage_over ") == 1);
}

TEST_CASE("outage: a kill in its midst changes nothing") {
  World world;
  world.all_down();
  for (int i = 1; i < 4; ++i) world.send_to(i);
  world.run_for(hours(30));
  world.crash();
  world.run_for(minutes(1));
  CHECK(world.is_out());
  CHECK(world.lines("outage ") == 1);
}

TEST_CASE("outage: what can be reached all the same gets its mail") {
  World world("", 10);
  world.all_down();
  for (int i = 1; i < 10; ++i) world.send_to(i);
  world.run_for(hours(1));
  REQUIRE(world.is_out());
  world.up(0);  // of this host's own provider
  world.send_to(0);
  CHECK(world.run_until([&] { return world.hosts[0]->received.size() == 1; }, minutes(2)));
  world.run_for(minutes(5));
  CHECK(world.is_out());
  world.send_to(0);
  CHECK(world.run_until([&] { return world.hosts[0]->received.size() == 2; }, seconds(5)));
  CHECK(world.lines("outage ") == 1);
}

TEST_CASE("outage: where an incident is mistaken mail of others leaves at once, to several sites") {
  World world("", 205);
  for (int i = 1; i < 200; ++i) world.down(i);
  for (int i = 1; i < 200; ++i) world.submit_as(666, "a@d0.example", {"x@" + World::domain(i)});
  world.run_for(hours(3));
  REQUIRE(world.is_out());
  for (int i = 0; i < 2; ++i) world.submit_as(1000, "me@d0.example", {"you@d0.example"});
  for (int i = 200; i < 205; ++i) world.submit_as(1000, "me@d0.example", {"you@" + World::domain(i)});
  CHECK(world.run_until([&] { return world.received() == 7; }, seconds(5)));
}

TEST_CASE("outage: whose mail has failed is told to nobody else") {
  World world;
  world.dns->forget("").fail("", "no answer from 192.0.2.53:53 within 5 s");
  for (int i = 0; i < 5; ++i) world.dns->fail(World::domain(i), "no answer about " + World::domain(i));
  for (int i = 0; i < 5; ++i) world.send_to(i);
  world.run_for(minutes(10));
  REQUIRE(world.outages().size() == 1);
  CHECK(world.outages()[0].reason.find(".example") == std::string::npos);
  CHECK(world.outages()[0].reason.find("within 5 s") != std::string::npos);
}

TEST_CASE("outage: of a route, tells nothing of what its host has said about recipients") {
  World world("[route]\nhost = \"192.0.2.99:2525\"\n");
  SimulatedHost relay;
  relay.rcpt = [](const std::string& line) { return "421 4.7.0 not for " + line; };
  world.host("192.0.2.99:2525", relay);
  for (const std::int64_t uid : {1000, 1001}) world.submit_as(uid, "me@d0.example", {"secret@d1.example"});
  world.run_for(minutes(30));
  REQUIRE(world.outages().size() == 1);
  CHECK(world.outages()[0].reason.find("secret") == std::string::npos);
  CHECK(world.outages()[0].reason.find("421") != std::string::npos);
}

TEST_CASE("fallback: mail goes directly, by the route while that fails, and directly again") {
  World world("[route]\nhost = \"192.0.2.99:2525\"\nfallback = true\n");
  SimulatedHost relay;
  world.host("192.0.2.99:2525", relay);
  world.send_to(1);
  world.run_for(seconds(5));
  CHECK(world.hosts[1]->received.size() == 1);
  world.run_for(minutes(11));
  world.all_down();
  for (int i = 0; i < 30; ++i) world.send_to(i % 5);
  CHECK(world.run_until([&] { return relay.received.size() == 30; }, minutes(5)));
  CHECK(world.queued() == 0);
  world.send_to(2);
  world.run_for(seconds(5));
  CHECK(relay.received.size() == 31);
  world.all_up();
  world.run_for(minutes(20));
  CHECK_FALSE(world.is_out());
  world.send_to(3);
  world.run_for(seconds(5));
  CHECK(world.hosts[3]->received.size() == 1);
  CHECK(relay.received.size() == 31);
}

TEST_CASE("fallback: after a restart it is still in force, and still ends") {
  World world("[route]\nhost = \"192.0.2.99:2525\"\nfallback = true\n");
  SimulatedHost relay;
  world.host("192.0.2.99:2525", relay);
  world.all_down();
  for (int i = 0; i < 4; ++i) world.send_to(i);
  CHECK(world.run_until([&] { return relay.received.size() == 4; }, minutes(5)));
  world.restart(minutes(1));
  world.send_to(1);
  world.run_for(seconds(5));
  CHECK(relay.received.size() == 5);
  world.all_up();
  CHECK(world.run_until([&] { return !world.is_out(); }, minutes(17)));
}

TEST_CASE("outage: of a route, which is its own") {
  World world("[retry]\noutage_lifetime = \"10d\"\n[route]\nhost = \"192.0.2.99:2525\"\n");
  world.send_to(1);
  world.run_for(minutes(10));
  REQUIRE(world.outages().size() == 1);
  CHECK(world.outages()[0].way == "[route]");
  CHECK(world.lines("outage way=[route]") == 1);
  world.run_for(hours(24 * 7));
  CHECK(world.queued() == 1);
  SimulatedHost relay;
  world.host("192.0.2.99:2525", relay);
  CHECK(world.run_until([&] { return relay.received.size() == 1; }, hours(4)));
  world.run_for(seconds(5));
  CHECK(world.outages().empty());
  CHECK(world.lines("outage_over way=[route]") == 1);
}

TEST_CASE("outage: of a route is over soon after the last mail for it has gone, and lasts as long as some waits") {
  World world("[route]\nhost = \"192.0.2.99:2525\"\n");
  const auto first = world.send_to(1), second = world.send_to(2);
  world.run_for(minutes(10));
  REQUIRE(world.is_out());
  (void)world.act(queue::ActionKind::remove, first);
  world.run_for(hours(5));
  CHECK(world.is_out());
  (void)world.act(queue::ActionKind::remove, second);
  world.run_for(minutes(4));
  CHECK_FALSE(world.is_out());
  CHECK(world.lines("outage_over way=[route]") == 1);
  world.send_to(3);
  CHECK(world.run_until([&] { return world.is_out(); }, hours(5)));
}

TEST_CASE("outage: of a route that the configuration does not have any more is over, also after a restart") {
  World world("[route]\nhost = \"192.0.2.99:2525\"\n");
  world.send_to(1);
  world.run_for(minutes(10));
  REQUIRE(world.outages().size() == 1);
  mta::Config without = *world.config.get();
  without.route.reset();
  world.config.set(std::move(without));
  world.restart(minutes(1));
  CHECK(world.outages().empty());
  CHECK(world.lines("outage_over way=[route]") == 1);
}

TEST_CASE("outage: the queue tells why mail waits, and when somebody is asked next") {
  World world;
  world.all_down();
  for (int i = 1; i < 4; ++i) world.send_to(i);
  world.run_for(minutes(10));
  REQUIRE(world.is_out());
  for (const auto& row : world.status()) {
    REQUIRE(row.last);
    CHECK(row.last->text.starts_with("this host cannot send directly: mail hosts of several networks"));
    REQUIRE(row.next_probe);
    CHECK(*row.next_probe > world.time.wall());
    CHECK(*row.next_probe <= world.time.wall() + minutes(15));
  }
}
