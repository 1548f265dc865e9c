// Routes of the configuration, with real workers in a simulated internet.
#include <algorithm>
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

TEST_CASE("route: mail that the configuration holds waits until its release, over a restart and a reload, and then takes its way") {
  Simulation world("");
  SimulatedHost there;
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  world.host("192.0.2.1:25", there);
  world.held_because = "Held for there.example by [route] of the configuration";
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.held_because.clear();
  world.run_for(1h);
  CHECK(received(there) == 0);
  REQUIRE(world.status().size() == 1);
  CHECK(world.status()[0].held == 1);
  CHECK_THAT(world.status()[0].last.value().text, Catch::StartsWith("Held for there.example"));
  world.crash();
  world.run_for(24h);
  CHECK(received(there) == 0);
  CHECK(world.load(id).held);
  CHECK_THAT(world.status().at(0).last.value().text, Catch::StartsWith("Held for there.example"));
  world.act(queue::ActionKind::release, id);
  there.greeting = "421 later";
  world.run_for(5s);
  world.crash();  // it stays released
  there.greeting = "220 hello";
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 24h));
  CHECK(received(there) == 1);
}

TEST_CASE("route: connections are made from its source address, to hosts of the same family, and only its mail's") {
  Simulation world(
      "[route.office]\nhost = \"hub.office.example\"\nsource = \"192.0.2.77\"\n[destination.\"office.example\"]\nroute = \"office\"\n");
  SimulatedHost there, office;
  world.dns->mx("there.example", 10, "hub.office.example");
  world.dns->a("hub.office.example", "192.0.2.1").aaaa("hub.office.example", "2001:db8::1");
  world.host("192.0.2.1:25", office);
  world.host("[2001:db8::1]:25", there);
  office.greeting = "421 later";
  world.submit("me@here.example", {"you@office.example"});
  world.run_for(10s);
  CHECK(world.connections() == std::vector<std::string>{"192.0.2.1:25"});
  CHECK(world.sources() == std::vector<std::string>{"192.0.2.77"});
  office.greeting = "220 hello";
  world.submit("me@here.example", {"you@there.example"});
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 24h));
  CHECK(received(office) + received(there) == 2);
  CHECK(world.sources().size() >= 3);
  CHECK(std::count(world.sources().begin(), world.sources().end(), "") >= 1);
}

TEST_CASE("route: mail that a provider takes of one sender only leaves as his, signed so; what fails goes back to the sender who sent it") {
  Simulation world(
      "[route]\nhost = \"smtp.provider.example\"\nfrom = \"me@provider.example\"\n[destination.\"here.example\"]\nroute = "
      "\"192.0.2.1:25\"\n");
  SimulatedHost provider, here;
  world.dns->a("smtp.provider.example", "192.0.2.11");
  world.host("192.0.2.11:25", provider);
  world.host("192.0.2.1:25", here);
  provider.rcpt = [](const std::string& recipient) {
    return recipient.find("gone") == recipient.npos ? "250 ok" : "550 5.1.1 no such user";
  };
  world.submit("root@here.example", {"you@there.example", "gone@there.example"});
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 2min));
  REQUIRE(provider.received.size() == 1);
  CHECK_THAT(provider.received[0].sender, Catch::StartsWith("<me@provider.example>"));
  CHECK_THAT(provider.received[0].content,
             Catch::StartsWith("From: me@provider.example\r\nReply-To: root@here.example\r\nSubject: a test\r\n\r\nhello\r\n"));
  REQUIRE(here.received.size() == 1);
  CHECK_THAT(here.received[0].sender, Catch::StartsWith("<>"));
  CHECK_THAT(here.received[0].recipients, Catch::Contains("root@here.example"));
  CHECK_THAT(here.received[0].content, Catch::Contains("From: root@here.example"));  // the message as it was handed in
}

TEST_CASE("route: a notice that takes the way of a demanded sender keeps its null reverse-path") {
  Simulation world("[route]\nhost = \"smtp.provider.example\"\nfrom = \"me@provider.example\"\n");
  SimulatedHost provider;
  world.dns->a("smtp.provider.example", "192.0.2.11");
  world.host("192.0.2.11:25", provider);
  provider.rcpt = [](const std::string& recipient) {
    return recipient.find("gone") == recipient.npos ? "250 ok" : "550 5.1.1 no such user";
  };
  world.submit("boss@there.example", {"gone@there.example"});
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 2min));
  REQUIRE(provider.received.size() == 1);
  CHECK_THAT(provider.received[0].sender, Catch::StartsWith("<>"));
  CHECK_THAT(provider.received[0].content, Catch::StartsWith("From: ") && Catch::Contains("me@provider.example"));
}
