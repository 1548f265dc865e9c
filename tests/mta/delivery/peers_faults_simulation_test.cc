// Faults that other mailers have had in delivery: mail that never expires, locks that failures renew, floods of questions. In virtual
// time.
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

struct World : Simulation {
  SimulatedHost there;
  SimulatedHost here;

  explicit World(const std::string& toml = "") : Simulation(toml) {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.2");
    host("192.0.2.1:25", there);
    host("192.0.2.2:25", here);
  }

  std::vector<queue::QueueId> submit_many(int count) {
    std::vector<queue::QueueId> ids;
    for (int i = 0; i < count; ++i) ids.push_back(submit("me@here.example", {"you@there.example"}));
    return ids;
  }

  std::size_t probes() const { return static_cast<std::size_t>(std::count(connections().begin(), connections().end(), "192.0.2.1:25")); }

  std::size_t asked(const std::string& name, dns::RecordType type) const {
    const dns::Question question{name, type};
    return static_cast<std::size_t>(std::count(dns->asked.begin(), dns->asked.end(), question));
  }
};

}  // namespace

TEST_CASE("peers' faults: mail that waits for a session that never comes free expires by the clock") {
  World world("retry.lifetime = \"3h\"\nretry.delay_notice = \"0\"\ndelivery.max_sessions_per_site = 1\n");
  world.there.takes = minutes(9);  // for each message
  world.submit_many(60);
  world.run_for(hours(3) + minutes(50));
  CHECK(world.here.received.empty());  // each may still get its attempt
  world.run_for(minutes(40));
  CHECK(world.queued() <= 1);
  CHECK(world.there.received.size() <= 31);
  std::size_t returned = 0;
  for (const auto& mail : world.here.received) returned += mail.content.find("Status: 4.4.7") != std::string::npos;
  CHECK(returned + world.there.received.size() + world.queued() == 60);
}

TEST_CASE("peers' faults: mail expires while its domain cannot be looked up, while its hosts are dead, and while it is held") {
  World world("retry.lifetime = \"6h\"\nretry.held_lifetime = \"6h\"\n");
  world.dns->fail("lost.example").mx("dead.example", 10, "mx.dead.example").a("mx.dead.example", "192.0.2.9");
  world.submit("me@here.example", {"you@lost.example"});
  world.submit("me@here.example", {"you@dead.example"});
  world.there.rcpt = [](const std::string&) { return "451 4.7.1 later"; };
  const auto held = world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  world.act(queue::ActionKind::hold, held);
  world.run_for(hours(7));
  CHECK(world.queued() == 0);
  std::size_t notices = 0;
  for (const auto& mail : world.here.received) notices += mail.content.find("Action: failed") != std::string::npos;
  CHECK(notices == 3);
}

TEST_CASE("peers' faults: new mail and failures do not put off the next probe of a dead site") {
  World world;
  world.refuse("192.0.2.1:25");
  world.submit_many(1);
  world.run_for(hours(6));
  const std::size_t alone = world.probes();
  World busy;
  busy.refuse("192.0.2.1:25");
  for (int minute = 0; minute < 6 * 60; ++minute) {
    busy.submit_many(1);
    busy.run_for(minutes(1));
  }
  CHECK(alone >= 6);
  CHECK(busy.probes() >= alone);
  CHECK(busy.probes() <= 6 * 60 / 5 + alone);  // new mail causes a probe each five minutes at most
  busy.host("192.0.2.1:25", busy.there);
  busy.run_for(minutes(10));
  busy.submit_many(1);
  busy.run_for(minutes(10));
  CHECK(busy.there.received.size() == 6 * 60 + 1);
}

TEST_CASE("peers' faults: a lookup that fails for a day is asked as often as the schedule says, however much mail waits for it") {
  const auto questions = [](int messages) {
    World world;
    world.dns->fail("lost.example");
    for (int i = 0; i < messages; ++i) world.submit("me@here.example", {"you@lost.example"});
    world.run_for(hours(24));
    CHECK(world.queued() == static_cast<std::size_t>(messages));
    return world.asked("lost.example", dns::RecordType::mx);
  };
  CHECK(questions(1) < 30);
  CHECK(questions(50) < 40);
}

TEST_CASE("peers' faults: a host whose name is an A-label is a mail host") {
  World world;
  world.dns->mx("umlaut.example", 10, "xn--mller-kva.example").a("xn--mller-kva.example", "192.0.2.1");
  world.submit("me@here.example", {"you@umlaut.example"});
  world.run_for(seconds(5));
  CHECK(world.there.received.size() == 1);
}

TEST_CASE("peers' faults: a host that refuses RSET and closes, as Exim does after refusals, gets the next message at once") {
  World world;
  world.there.reset = "554 5.5.0 too many refusals";
  world.there.rcpt = [](const std::string& recipient) {
    return recipient.starts_with("<no") ? std::string("550 5.1.1 no such user") : std::string("250 ok");
  };
  world.submit("me@here.example", {"nobody@there.example"});
  world.run_for(seconds(5));
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  CHECK(world.there.received.size() == 1);
  CHECK(world.there.connections == 2);
  CHECK(world.load(id).attempts.size() == 1);
}
