// The events of mail: each step once, and an outcome only once it is durable.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"
#include "tests/support/steps.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::testing;
using queue::ActionKind;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Lines = std::vector<std::string>;

namespace {

struct World : Simulation {
  SimulatedHost there;
  Lines steps;

  explicit World(const std::string& toml = "") : Simulation(toml) {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    dns->mx("dead.example", 10, "mx.dead.example").a("mx.dead.example", "192.0.2.9");
    host("192.0.2.1:25", there);
    events.also = [this](const mta::events::Event& event) { std::visit(Steps(steps), event); };
    run_for(seconds(1));
  }
  ~World() { events.also = nullptr; }
  long count(const std::string& step) const { return std::count(steps.begin(), steps.end(), step); }
  // The number of log lines that contain `what`.
  long lines(const std::string& what) const {
    return std::count_if(log.begin(), log.end(), [&](const std::string& line) { return line.find(what) != std::string::npos; });
  }
};

}  // namespace

TEST_CASE("events: what becomes of a letter, step by step") {
  struct Row {
    std::string what;
    std::function<void(World&)> happens;
    Lines steps;
  };
  const std::vector<Row> rows = {
      {"it is taken at once",
       [](World& world) { world.submit("me@here.example", {"a@there.example", "b@there.example"}); },
       {"connected mx.there.example", "delivered a@there.example", "delivered b@there.example"}},
      {"one recipient is refused, and the sender told",
       [](World& world) {
         world.there.rcpt = [](const std::string& to) { return to.find("b@") == to.npos ? "250 ok" : "550 5.1.1 no"; };
         world.submit("me@there.example", {"a@there.example", "b@there.example"});
       },
       {"connected mx.there.example", "delivered a@there.example", "failed b@there.example", "failure notice to me@there.example",
        "delivered me@there.example"}},
      {"it is put off once",
       [](World& world) {
         world.there.rcpt = [&world](const std::string&) { return world.steps.size() < 2 ? "450 4.2.0 later" : "250 ok"; };
         world.submit("me@there.example", {"a@there.example"});
       },
       {"connected mx.there.example", "deferred a@there.example", "connected mx.there.example", "delivered a@there.example"}},
      {"its host comes back",
       [](World& world) {
         world.refuse("192.0.2.1:25");
         world.submit("me@there.example", {"a@there.example"});
         world.run_for(seconds(1));
         world.host("192.0.2.1:25", world.there);
       },
       {"not connected mx.there.example", "site failed mx.there.example:25", "deferred a@there.example", "connected mx.there.example",
        "site recovered mx.there.example:25", "delivered a@there.example"}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    World world;
    row.happens(world);
    world.run_for(hours(2));
    CHECK(world.steps == row.steps);
    CHECK(world.queued() == 0);
  }
}

TEST_CASE("events: a notice that nobody takes is kept") {
  const test::TempFolder folder;
  World world("spool.directory = \"" + folder.path().string() + "\"\n");
  world.submit("me@nowhere.example", {"a@nowhere.example"});
  world.run_for(minutes(5));
  CHECK(world.steps ==
        Lines{"failed a@nowhere.example", "failure notice to me@nowhere.example", "failed me@nowhere.example", "notice kept"});
  CHECK(world.queued() == 0);
}

TEST_CASE("events: a letter to a dead host tells of its delay, and expires") {
  World world("retry.delay_notice = \"1h\"\nretry.lifetime = \"1d\"\n");
  world.submit("me@there.example", {"a@dead.example"});
  world.run_for(hours(48));
  CHECK(world.count("delay notice to me@there.example") == 1);
  CHECK(world.count("expired a@dead.example") == 1);
  CHECK(world.count("failure notice to me@there.example") == 1);
  CHECK(world.count("delivered me@there.example") == 2);
  CHECK(world.count("site failed mx.dead.example:25") == world.lines("site hosts=mx.dead.example:25"));
}

TEST_CASE("events: an outcome that is not on the disk yet has not happened") {
  World world;
  world.submit("me@there.example", {"a@there.example"});
  world.stop_committing();
  world.run_for(minutes(1));
  REQUIRE(world.there.received.size() == 1);
  CHECK(world.steps == Lines{"connected mx.there.example"});
  CHECK(world.lines("outcome=") == 0);
  world.commit_again();
  world.run_for(seconds(1));
  CHECK(world.steps.back() == "delivered a@there.example");
  CHECK(world.lines("outcome=delivered") == 1);
}

TEST_CASE("events: an outcome that the spool does not take is told as such, with what the host said") {
  World world;
  world.ended_kept = 0;
  world.crash();
  world.there.takes = seconds(30);
  const auto id = world.submit("me@there.example", {"a@there.example"});
  world.run_for(seconds(5));
  world.act(ActionKind::remove, id);
  world.run_for(minutes(1));
  REQUIRE(world.there.received.size() == 1);
  CHECK(world.count("delivered a@there.example") == 0);
  CHECK(world.count("unrecorded a@there.example") == 1);
  CHECK(world.lines(" attempt outcome=") == 0);
  CHECK(world.lines(" unrecorded reason=\"there is no message") == 1);
  CHECK(world.lines("outcome=delivered from=<me@there.example> to=<a@there.example> host=mx.there.example[192.0.2.1:25]") == 1);
}

TEST_CASE("events: the counters count what the log tells") {
  World world("retry.delay_notice = \"1h\"\nretry.lifetime = \"1d\"\n");
  world.there.rcpt = [n = 0](const std::string& to) mutable {
    if (to.find("no") != to.npos) return "550 5.1.1 no";
    return ++n % 3 == 0 ? "450 4.2.0 later" : "250 ok";
  };
  for (int i = 0; i < 20; ++i) world.submit("me@there.example", {"a@there.example", "no@there.example", "b@dead.example"});
  world.run_for(hours(48));
  REQUIRE(world.queued() == 0);
  const mta::events::Counts counts = world.events.counters.counts();
  const auto lines = [&](const std::string& what) { return static_cast<std::uint64_t>(world.lines(what)); };
  CHECK(counts.delivered == lines(" outcome=delivered "));
  CHECK(counts.deferred == lines(" outcome=deferred "));
  CHECK(counts.failed == lines(" outcome=failed "));
  CHECK(counts.failed == 20);
  CHECK(counts.expired == lines(" outcome=expired "));
  CHECK(counts.expired == 20);
  CHECK(counts.failure_notices == lines(" bounced "));
  CHECK(counts.delay_notices == lines(" delay_notice "));
  CHECK(counts.delay_notices > 0);
  CHECK(counts.site_failures == lines("site hosts="));
  CHECK(counts.sessions_clear == static_cast<std::uint64_t>(world.there.connections));
  CHECK(counts.connections_failed + counts.sessions_clear == world.connections().size());
}

TEST_CASE("events: poison is set aside once") {
  World world;
  world.refuse("192.0.2.1:25");
  const auto id = world.submit("me@there.example", {"a@there.example"});
  world.poison = {id};
  world.run_for(seconds(1));
  world.crash();
  world.run_for(seconds(1));
  world.crash();
  world.run_for(seconds(1));
  CHECK(world.count("set aside " + id.to_string()) == 1);
  CHECK(world.lines(" set_aside reason=\"mxpressd died more than once while it handled this message, last of signal 11") == 1);
}
