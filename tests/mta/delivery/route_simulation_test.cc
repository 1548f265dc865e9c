// Routes of the configuration, with real workers in a simulated internet.
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using namespace std::chrono_literals;

namespace {

std::size_t received(const SimulatedHost& host) { return host.received.size(); }

}  // namespace

TEST_CASE("route: all mail goes to the hosts of [route], in their order, and to no mail host of the domain") {
  Simulation world("[route]\nhost = [\"one.provider.example\", \"two.provider.example:26\"]\nport = 2525\n");
  SimulatedHost there, one, two;
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  world.dns->a("one.provider.example", "192.0.2.11").a("two.provider.example", "192.0.2.12");
  world.host("192.0.2.1:25", there);
  world.host("192.0.2.11:2525", one);
  world.host("192.0.2.12:26", two);
  for (int i = 0; i < 10; ++i) world.submit("me@here.example", {"you@there.example"});
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 10s));
  CHECK(received(one) == 10);
  CHECK(received(two) == 0);
  CHECK(received(there) == 0);
  world.run_for(5s);  // no session is left
  one.greeting = "554 not here";
  world.submit("me@here.example", {"you@other.example"});
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 20s));
  CHECK(received(two) == 1);
}

TEST_CASE("route: a host without address is left out while another one has some") {
  Simulation world("[route]\nhost = [\"gone.provider.example\", \"two.provider.example\"]\n");
  SimulatedHost two;
  world.dns->a("two.provider.example", "192.0.2.12");
  world.host("192.0.2.12:25", two);
  world.submit("me@here.example", {"you@there.example"});
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 10s));
  CHECK(received(two) == 1);
}

TEST_CASE("route: mx: takes the mail hosts of that domain, and \"direct\" those of the recipient's") {
  Simulation world("[route]\nhost = \"mx:provider.example\"\n[destination.\"there.example\"]\nroute = \"direct\"\n");
  SimulatedHost there, provider;
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  world.dns->mx("provider.example", 10, "mx.provider.example").a("mx.provider.example", "192.0.2.11");
  world.host("192.0.2.1:25", there);
  world.host("192.0.2.11:25", provider);
  world.submit("me@here.example", {"you@there.example", "you@elsewhere.example"});
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 10s));
  CHECK(received(there) == 1);
  CHECK(received(provider) == 1);
}

TEST_CASE("route: a provider that takes no mail by its DNS, or an authority that cannot be read, returns nothing") {
  const std::string toml =
      GENERATE("[route]\nhost = \"mx:provider.example\"\n", "[route]\nhost = \"a.provider.example\"\nca_file = \"/nowhere/ca.pem\"\n");
  Simulation world(toml);
  world.dns->mx("provider.example", 0, "").a("a.provider.example", "192.0.2.11");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(24h);
  const auto message = world.load(id);
  CHECK(message.recipients.at(0).stage == queue::RecipientStage::pending);
  CHECK_THAT(message.recipients.at(0).last->text, Catch::Contains("[route]"));
}

TEST_CASE("route: a host where this host cannot sign in backs off, returns nothing, and gets the mail after a reload") {
  const std::string route = "[route]\nhost = \"a.provider.example\"\nport = 25\nauth = \"me\"\ntls = \"may\"\n";
  const std::string login = "[credentials.me]\nuser = \"me\"\npassword_file = \"/nowhere/password\"\n";
  Simulation world(route + login);
  SimulatedHost provider;
  world.dns->a("a.provider.example", "192.0.2.11");
  world.host("192.0.2.11:25", provider);
  std::vector<proto::HostResult> failures;
  int recoveries = 0;
  world.events.also = [&](const mta::events::Event& event) {
    if (const auto* failed = std::get_if<mta::events::SiteFailed>(&event)) failures.push_back(failed->result);
    recoveries += std::holds_alternative<mta::events::SiteRecovered>(event);
  };
  for (int i = 0; i < 3; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(3h);
  REQUIRE(failures.size() > 3);
  CHECK(failures.size() < 10);  // one probe at a time, for all mail
  CHECK(failures[0].stage == proto::Stage::auth);
  CHECK_THAT(failures[0].text, Catch::Contains("/nowhere/password"));
  CHECK(world.queued() == 3);
  CHECK(received(provider) == 0);
  world.reload("[route]\nhost = \"a.provider.example\"\nport = 25\n");
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 10s));
  CHECK(received(provider) == 3);
}
