// Restarts, actions of operators, and time during backoffs of sites, in virtual time.
#include <pthread.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "mta/delivery/site.h"
#include "tests/support/simulation.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::testing;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("site backoff: mail that was never tried waits, after a restart, for the next probe of its site, and no worker spins meanwhile") {
  Simulation world;
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  const auto first = world.submit("me@here.example", {"you@there.example"});
  world.run_for(hours(20));
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(1));
  const auto before = world.connections().size();
  world.crash();
  world.run_for(minutes(1));  // endless if a worker repeatedly looks at a job that cannot begin yet
  CHECK(world.connections().size() == before);
  SimulatedHost there;
  world.host("192.0.2.1:25", there);
  world.run_for(hours(4));
  CHECK(there.received.size() == 2);
  CHECK(world.load(first).ended);
}

TEST_CASE("site backoff: a retry that was recorded before a restart allows one probe of a site in backoff after it") {
  Simulation world;
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  world.submit("me@here.example", {"you@there.example"});
  const auto second = world.submit("me@here.example", {"him@there.example"});
  world.run_for(hours(20));
  world.act(queue::ActionKind::retry, second);
  const auto before = world.connections().size();
  world.crash();
  world.run_for(minutes(1));
  CHECK(world.connections().size() == before + 1);
  world.run_for(minutes(20));
  CHECK(world.connections().size() == before + 1);
}

TEST_CASE("site backoff: mail hosts that change with each lookup are asked no more often than those that stay") {
  Simulation world;
  world.dns->ttl = seconds(0);
  world.dns->a("mx.stays.example", "192.0.2.1").mx("stays.example", 10, "mx.stays.example");
  const auto rename = [&world](int number) {
    const std::string host = "mx" + std::to_string(number) + ".changes.example";
    world.dns->forget("changes.example").mx("changes.example", 10, host).a(host, "192.0.2.2");
  };
  rename(0);
  for (const char* recipient : {"you@stays.example", "you@changes.example"}) world.submit("me@here.example", {recipient});
  for (int number = 1; number < 10'000; ++number) {
    world.run_for(seconds(5));
    rename(number);
  }
  const auto count = [&world](const std::string& address) {
    const auto connections = world.connections();
    return std::count_if(connections.begin(), connections.end(), [&](const auto& to) { return to.find(address) != std::string::npos; });
  };
  CHECK(count("192.0.2.1:25") > 10);
  CHECK(count("192.0.2.2:25") <= count("192.0.2.1:25") + 2);
  CHECK(count("192.0.2.2:25") >= count("192.0.2.1:25") - 2);
}

TEST_CASE("site backoff: new hosts of a domain take its mail at the next probe, or at once if the administrator names them") {
  Simulation world;
  SimulatedHost there;
  world.host("192.0.2.2:25", there);
  world.dns->a("mx.there.example", "192.0.2.1").mx("there.example", 10, "mx.there.example").a("new.there.example", "192.0.2.2");
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(hours(20));
  REQUIRE(there.received.empty());
  SECTION("in the DNS") {
    world.dns->forget("there.example").mx("there.example", 10, "new.there.example");
    REQUIRE(world.run_until([&] { return there.received.size() == 1; }, hours(4)));
    world.submit("me@here.example", {"you@there.example"});
    world.run_for(seconds(10));
    CHECK(there.received.size() == 2);
  }
  SECTION("in the configuration") {
    world.reload("destination.\"there.example\".route = \"new.there.example:25\"\n");
    world.run_for(seconds(10));
    CHECK(there.received.size() == 1);
  }
}

TEST_CASE("site backoff: a domain whose dead host turns into another's host brings no backoff along for other mail to that host") {
  Simulation world;
  SimulatedHost there;
  world.dns->ttl = seconds(0);
  world.dns->a("mx.dead.example", "192.0.2.1").mx("turn.example", 10, "mx.dead.example");
  world.dns->a("mx.there.example", "192.0.2.2").mx("there.example", 10, "mx.there.example");
  const auto asked = [&world] {
    const auto& all = world.connections();
    return std::any_of(all.begin(), all.end(), [](const auto& to) { return to.find("192.0.2.2") != std::string::npos; });
  };
  world.submit_as(1001, "me@here.example", {"you@turn.example"});
  world.run_for(hours(10));
  world.dns->forget("turn.example").mx("turn.example", 10, "mx.there.example");
  REQUIRE(world.run_until(asked, hours(4)));
  world.run_for(seconds(1));
  world.submit_as(1002, "me@here.example", {"you@there.example"});
  world.run_for(seconds(10));
  world.host("192.0.2.2:25", there);
  world.run_for(minutes(2));
  CHECK(there.received.size() == 1);
  world.run_for(hours(4));
  CHECK(there.received.size() == 2);
}

TEST_CASE("site backoff: mail without a sender that the operator returns has ended, and nobody is told") {
  Simulation world;
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  const auto id = world.submit("", {"you@there.example"});
  world.run_for(minutes(1));
  world.act(queue::ActionKind::bounce, id);
  world.run_for(minutes(2));
  CHECK(world.load(id).ended);
  CHECK(world.queued() == 0);
}

TEST_CASE("site backoff: mail that was deferred often and then held fails once, when its lifetime ends") {
  Simulation world("retry.held_lifetime = \"8d\"\n");
  SimulatedHost there, here;
  there.rcpt = [](const std::string&) { return "451 4.7.1 come back later"; };
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  world.dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.2");
  world.host("192.0.2.1:25", there);
  world.host("192.0.2.2:25", here);
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(hours(24 * 4));
  world.act(queue::ActionKind::hold, id);
  there.rcpt = [](const std::string&) { return "250 ok"; };
  world.run_for(hours(24 * 5));
  CHECK(there.received.empty());
  CHECK(here.received.size() == 2);  // of the delay, and of the end
  CHECK(world.queued() == 0);
}

TEST_CASE("site backoff: a route of ours whose host has no address makes mail wait, warns, and returns nothing") {
  Simulation world("[destination.\"there.example\"]\nroute = \"mx.nowhere.example\"\n");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(10));
  const std::string why = "The host of [destination.\"there.example\"] route, mx.nowhere.example, has no address";
  const auto message = world.load(id);
  REQUIRE(message.recipients[0].stage == queue::RecipientStage::pending);
  CHECK(message.recipients[0].last->status == proto::EnhancedStatus{4, 4, 3});
  CHECK(message.recipients[0].last->text == why);
  CHECK(std::count_if(world.log.begin(), world.log.end(),
                      [](const auto& line) { return line.find("route destination=there.example") == 0; }) == 3);
  SimulatedHost there;
  world.dns->a("mx.nowhere.example", "192.0.2.1");
  world.host("192.0.2.1:25", there);
  world.run_for(minutes(20));
  CHECK(there.received.size() == 1);
}

TEST_CASE("site backoff: a host that is down is not asked again for each message that expires") {
  Simulation world("retry.lifetime = \"1d\"\nretry.delay_notice = \"0\"\n");
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  for (int i = 0; i < 50; ++i) {
    world.submit("", {"you@there.example"});
    world.run_for(minutes(1));
  }
  world.run_for(hours(24) - minutes(55));
  const std::size_t before = world.connections().size();
  REQUIRE(world.queued() == 50);
  world.run_for(hours(1));
  CHECK(world.queued() == 0);
  CHECK(world.connections().size() - before <= 13);  // one in five minutes
}

TEST_CASE("site backoff: what an earlier run has left does not count against what this run has found out") {
  mta::delivery::Site fresh, good, slow, bad;
  good.succeeded(10, minutes(1));
  slow.succeeded(10, minutes(2));
  bad.restore(1, mta::delivery::Instant(minutes(1)), std::nullopt);
  for (auto* site : {&fresh, &good, &slow, &bad}) site->restore(5, mta::delivery::Instant(hours(3)), std::nullopt);
  CHECK(fresh.backoff.failures() == 5);
  CHECK_FALSE(good.backoff.active());
  CHECK_FALSE(slow.backoff.active());
  CHECK(bad.backoff.failures() == 1);
}

TEST_CASE("site backoff: what recovery finds late about a site does not outlive what this run has found out") {
  Simulation world;
  SimulatedHost there;
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  world.host("192.0.2.1:25", there);
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  REQUIRE(there.received.size() == 1);
  const queue::SiteRecord old{"mx.there.example:25", 9, world.time.wall() + hours(3), std::nullopt};
  SECTION("it was well, and is so in the next run") {
    world.restore(old);
    world.run_for(seconds(5));
    world.crash();
    world.submit("me@here.example", {"you@there.example"});
    world.run_for(seconds(5));
    CHECK(there.received.size() == 2);
  }
  SECTION("it was well and then down, and is so in the next run") {
    world.refuse("192.0.2.1:25");
    world.submit("me@here.example", {"you@there.example"});
    world.run_for(seconds(5));
    world.restore(old);
    world.run_for(seconds(5));
    const auto before = world.connections().size();
    world.crash();
    world.submit("me@here.example", {"you@there.example"});
    world.run_for(seconds(5));
    CHECK(world.connections().size() == before);
  }
}

namespace {

// Runs this where the stack is a megabyte, as deep calls show at once.
void with_small_stack(std::function<void()> run) {
  pthread_attr_t attributes;
  pthread_t thread;
  REQUIRE(::pthread_attr_init(&attributes) == 0);
  REQUIRE(::pthread_attr_setstacksize(&attributes, 1 << 20) == 0);
  const auto call = [](void* what) -> void* {
    (*static_cast<std::function<void()>*>(what))();
    return nullptr;
  };
  REQUIRE(::pthread_create(&thread, &attributes, call, &run) == 0);
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
}

}  // namespace

TEST_CASE("site backoff: many messages whose domain has become local go their way without one calling the next") {
  const test::TempFolder folder;
  const std::string spool = "spool.directory = \"" + folder.path().string() + "\"\n";
  with_small_stack([&] {
    Simulation world(spool);
    world.disk.make_cold(0);
    world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    constexpr std::size_t kMessages = 1500;
    for (std::size_t i = 0; i < kMessages; ++i) world.submit("", {"you@there.example"});
    world.run_for(minutes(1));
    CHECK(world.queued() == kMessages);
    world.reload(spool + "local_domains = [\"there.example\"]\n");
    CHECK(world.run_until([&] { return world.queued() < kMessages; }, hours(1)));
  });
}
