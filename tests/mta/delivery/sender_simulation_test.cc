// Routes by sender, with real workers in a simulated internet.
#include <sys/stat.h>

#include <boost/filesystem/fstream.hpp>
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/dkim_keys.h"
#include "tests/support/simulation.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::testing;
using namespace std::chrono_literals;

namespace {

const std::string kShop = "[route.shop]\nhost = \"smtp.shop.example\"\n[sender.\"@shop.example\"]\nroute = \"shop\"\n";
const std::string kListed = "users = [4002]\nothers = \"direct\"\n";

// A recipient's domain, and a provider.
struct World {
  explicit World(const std::string& toml) : simulation(toml) {
    simulation.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    simulation.dns->mx("too.example", 10, "mx.there.example");
    simulation.dns->a("smtp.shop.example", "192.0.2.11");
    simulation.host("192.0.2.1:25", there);
    simulation.host("192.0.2.11:25", shop);
  }
  void deliver_all() {
    REQUIRE(simulation.run_until([this] { return simulation.queued() == 0; }, 30s));
  }
  std::set<std::string> rows() {
    std::set<std::string> names;
    for (const auto& row : simulation.status()) names.insert(row.destination);
    return names;
  }

  Simulation simulation;
  SimulatedHost there, shop;
};

}  // namespace

TEST_CASE("sender: mail of two senders for one domain takes two ways, and no session of the one") {
  World world(kShop);
  for (int i = 0; i < 5; ++i) {
    world.simulation.submit_as(4002, "a@shop.example", {"you@there.example", "me@there.example"});
    world.simulation.submit_as(4001, "b@here.example", {"you@there.example"});
  }
  world.deliver_all();
  CHECK(world.shop.received.size() == 5);
  CHECK(world.there.received.size() == 5);
  for (const auto& mail : world.shop.received) CHECK(mail.sender.find("a@shop.example") != std::string::npos);
  for (const auto& mail : world.there.received) CHECK(mail.sender.find("b@here.example") != std::string::npos);
}

TEST_CASE("sender: the address in From decides the way, and [destination] goes before it") {
  World world(kShop + "[destination.\"own.example\"]\nroute = \"192.0.2.1:25\"\n");
  world.simulation.from = "News <news@shop.example>";
  world.simulation.submit_as(4002, "b@here.example", {"you@there.example", "you@own.example"});
  world.deliver_all();
  CHECK(world.shop.received.size() == 1);
  REQUIRE(world.there.received.size() == 1);
  CHECK(world.there.received[0].recipients.find("own.example") != std::string::npos);
}

TEST_CASE("sender: a message to many domains takes the way of its author to each of them") {
  World world(kShop);
  world.simulation.from = "news@shop.example";
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) many.push_back("you@d" + std::to_string(i) + ".example");
  world.simulation.submit_as(4002, "b@here.example", many);
  world.deliver_all();
  CHECK(world.shop.received.size() == 100);
  CHECK(world.there.received.empty());
}

TEST_CASE("sender: who is not listed goes direct, past [route], after a restart, too") {
  World world("[route]\nhost = \"smtp.shop.example\"\n" + kShop + kListed);
  world.there.greeting = "421 later";
  world.simulation.submit_as(4001, "a@shop.example", {"you@there.example"});
  world.simulation.submit_by_smtp(4002, "a@shop.example", {"you@there.example"});
  REQUIRE(world.simulation.run_until([&] { return world.simulation.queued() == 1; }, 10s));
  CHECK(world.shop.received.size() == 1);
  CHECK(world.rows() == std::set<std::string>{"there.example via direct"});
  world.simulation.crash();
  world.there.greeting = "220 hello";
  REQUIRE(world.simulation.run_until([&] { return world.simulation.queued() == 0; }, 24h));
  CHECK(world.there.received.size() == 1);
  CHECK(world.shop.received.size() == 1);
}

TEST_CASE("sender: a reload that gives a sender another way takes his waiting mail along, and no mail twice") {
  World world("");
  world.there.greeting = "421 later";
  for (int i = 0; i < 3; ++i) world.simulation.submit_as(4002, "a@shop.example", {"you@there.example", "you@too.example"});
  world.simulation.submit_as(4001, "b@here.example", {"you@there.example"});
  world.simulation.run_for(30min);
  REQUIRE(world.simulation.queued() == 4);
  world.simulation.reload(kShop);
  REQUIRE(world.simulation.run_until([&] { return world.shop.received.size() == 6; }, 3h));
  CHECK(world.rows() == std::set<std::string>{"there.example"});  // only of the other sender
  world.there.greeting = "220 hello";
  REQUIRE(world.simulation.run_until([&] { return world.simulation.queued() == 0; }, 24h));
  CHECK(world.shop.received.size() == 6);
  CHECK(world.there.received.size() == 1);
}

TEST_CASE("sender: a reload while a delivery goes on makes no second one") {
  World world("");
  world.there.takes = 20s;
  world.simulation.submit_as(4002, "a@shop.example", {"you@there.example"});
  world.simulation.run_for(5s);
  world.simulation.reload(kShop);
  world.simulation.run_for(1min);
  CHECK(world.simulation.queued() == 0);
  CHECK(world.there.received.size() == 1);
  CHECK(world.shop.received.empty());
}

TEST_CASE("sender: a route that a reload has removed keeps no mail") {
  World world(kShop);
  world.shop.greeting = "421 later";
  world.simulation.submit_as(4002, "a@shop.example", {"you@there.example"});
  world.simulation.run_for(10min);
  CHECK(world.rows() == std::set<std::string>{"there.example via shop"});
  world.simulation.reload("");
  REQUIRE(world.simulation.run_until([&] { return world.simulation.queued() == 0; }, 3h));
  CHECK(world.there.received.size() == 1);
}

TEST_CASE("sender: held mail stays held when it takes another way") {
  World world("");
  world.there.greeting = "421 later";
  const auto id = world.simulation.submit_as(4002, "a@shop.example", {"you@there.example"});
  world.simulation.run_for(1min);
  world.simulation.act(queue::ActionKind::hold, id);
  world.simulation.reload(kShop);
  world.simulation.run_for(6h);
  CHECK(world.shop.received.empty());
  world.simulation.act(queue::ActionKind::release, id);
  world.deliver_all();
  CHECK(world.shop.received.size() == 1);
}

TEST_CASE("sender: who may not send as an author is not signed for by his domain, and root is") {
  const test::TempFolder folder;
  const auto key = folder.path() / "rsa.pem";
  boost::filesystem::ofstream(key, std::ios::binary) << rsa_key().pem();
  REQUIRE(::chmod(key.c_str(), 0640) == 0);
  World world(kShop + kListed + "[dkim.\"shop.example\"]\nkeys = { s1 = \"" + key.string() + "\" }\n");
  const auto sent = [&](std::int64_t uid, const std::string& from) {
    const std::size_t before = world.there.received.size() + world.shop.received.size();
    world.simulation.from = from;
    world.simulation.submit_as(uid, "b@here.example", {"you@there.example"});
    world.deliver_all();
    REQUIRE(world.there.received.size() + world.shop.received.size() == before + 1);
    return uid == 4001 ? world.there.received.back().content : world.shop.received.back().content;
  };
  CHECK_THAT(sent(4002, "a@shop.example"), Catch::Contains("d=shop.example"));
  CHECK_THAT(sent(0, "a@shop.example"), Catch::Contains("d=shop.example"));
  CHECK_THAT(sent(4001, "a@shop.example"), !Catch::Contains("DKIM-Signature"));
}
