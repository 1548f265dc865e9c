// Messages that may use an open session, and those that may not.
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;

TEST_CASE("simulation: who has got the mail over a session that was used again does not get it twice because another one was deferred") {
  Simulation world;
  SimulatedHost there;
  there.rcpt = [](const std::string& recipient) {
    return recipient.find("trouble") == std::string::npos ? "250 ok" : "451 4.3.0 lookup failure";
  };
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  world.host("192.0.2.1:25", there);
  world.submit("me@here.example", {"first@there.example"});
  world.run_for(std::chrono::seconds(1));
  const auto id = world.submit("me@here.example", {"good@there.example", "trouble@there.example"});
  world.run_for(std::chrono::seconds(10));
  CHECK(there.received.size() == 2);
  CHECK(world.load(id).recipients[0].stage == queue::RecipientStage::delivered);
  CHECK(world.load(id).recipients[1].stage == queue::RecipientStage::pending);
  world.submit("me@here.example", {"second@there.example"});  // the host can be reached: mail to it continues
  world.run_for(std::chrono::seconds(10));
  CHECK(there.received.size() == 3);
}

TEST_CASE("simulation: while the spool takes nothing no attempt begins, not even over a session that is there") {
  Simulation world;
  SimulatedHost busy;
  busy.takes = std::chrono::seconds(1);
  world.dns->mx("busy.example", 10, "mx.busy.example").a("mx.busy.example", "192.0.2.1");
  world.host("192.0.2.1:25", busy);
  for (int n = 0; n < 20; ++n) world.submit("me@here.example", {"you@busy.example"});
  world.run_for(std::chrono::milliseconds(500));
  world.pause(true);
  world.run_for(std::chrono::seconds(10));
  CHECK(busy.received.size() == 1);
  world.pause(false);
  world.run_for(std::chrono::seconds(10));
  CHECK(busy.received.size() == 20);
}

TEST_CASE("simulation: an outcome that the spool cannot record is the last one: nothing begins until it can, and what waited leaves once") {
  Simulation world("[destination.\"busy.example\"]\nmax_sessions = 1\n");
  SimulatedHost busy;
  busy.takes = std::chrono::milliseconds(100);
  world.dns->mx("busy.example", 10, "mx.busy.example").a("mx.busy.example", "192.0.2.1");
  world.host("192.0.2.1:25", busy);
  for (int n = 0; n < 20; ++n) world.submit("me@here.example", {"you@busy.example"});
  world.run_until([&] { return busy.received.size() >= 5; }, std::chrono::seconds(5));
  world.disk.fail_on("journal", "Read-only file system");
  world.run_for(std::chrono::seconds(10));
  const std::size_t received = busy.received.size();
  CHECK(received <= 8);  // deliveries in progress, and those that began before a write failed
  CHECK_FALSE(world.spool().is_accepting());
  world.run_for(std::chrono::seconds(30));
  CHECK(busy.received.size() == received);
  world.disk.fail_on("", "");
  world.run_for(std::chrono::seconds(30));
  CHECK(world.spool().is_accepting());
  CHECK(busy.received.size() == 20);
  CHECK(world.queued() == 0);
}
