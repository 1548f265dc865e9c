// Stopping the dispatcher: outcomes are on the disk and in the log before nothing is in flight. Virtual time.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using std::chrono::seconds;

namespace {

struct World : Simulation {
  World() {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.2");
    host("192.0.2.1:25", there);
    host("192.0.2.2:25", here);
  }
  void begin_stop() {
    stop([this] { is_idle = true; });
  }
  std::size_t lines_with(const std::string& text) const {
    return static_cast<std::size_t>(std::count_if(log.begin(), log.end(), [&](const auto& line) { return line.find(text) != line.npos; }));
  }
  bool idle_once_committed() {
    run_for(seconds(5));
    const bool was_idle = is_idle;
    commit_again();
    run_for(seconds(1));
    return !was_idle && is_idle;
  }
  SimulatedHost there, here;
  bool is_idle = false;
};

}  // namespace

TEST_CASE("stop: it waits until the outcomes of deliveries are durable and told") {
  World world;
  world.there.takes = seconds(2);
  for (int n = 0; n < 20; ++n) world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(1));
  world.stop_committing();
  world.begin_stop();
  CHECK(world.idle_once_committed());
  CHECK(world.there.received.size() >= 1);
  CHECK(world.lines_with("outcome=delivered") == world.there.received.size());
}

TEST_CASE("stop: it waits until the return of a message that nobody may be sent is durable and told") {
  World world;
  world.there.greeting = "220-wait";
  world.submit_refused("me@here.example", {"you@there.example"}, {{5, 5, 3}, "too many"});
  world.stop_committing();
  world.begin_stop();
  CHECK(world.idle_once_committed());
  CHECK(world.lines_with("outcome=failed") == 1);
}

TEST_CASE("stop: a message that nobody may be sent is returned at the next start, and sent to nobody, if the power fails before that") {
  World world;
  const auto cut = GENERATE(test::ForgetfulDisk::Cut::nothing, test::ForgetfulDisk::Cut::all);
  const auto id = world.submit_refused("me@here.example", {"you@there.example"}, {{5, 7, 1}, "not as the boss"});
  CHECK(world.load(id).envelope.refused.text == "not as the boss");
  world.crash(cut);
  world.reload("");
  world.run_for(seconds(5));
  CHECK(world.there.received.empty());
  REQUIRE(world.here.received.size() == 1);
  CHECK_THAT(world.here.received[0].content, Catch::Contains("not as the boss"));
  CHECK(world.queued() == 0);
}

TEST_CASE("stop: a notice that is being stored is told of, and none begins") {
  World world;
  world.there.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
  world.submit("me@here.example", {"you@there.example"});
  SECTION("it is being stored") {
    auto& spool = dynamic_cast<queue::SteppedSpool&>(world.spool());
    world.time.set_other_work([&] { return world.lines_with("outcome=failed") == 0 && spool.commit_batch(); });
    world.run_for(seconds(5));
    REQUIRE(world.lines_with("outcome=failed") == 1);
    world.begin_stop();
    CHECK(world.idle_once_committed());
    CHECK(world.lines_with(" notice=") == 1);
  }
  SECTION("it has not begun") {
    world.stop_committing();
    world.run_for(seconds(5));
    world.begin_stop();
    CHECK(world.idle_once_committed());
    CHECK(world.lines_with("outcome=failed") == 1);
    CHECK(world.lines_with(" notice=") == 0);
  }
}
