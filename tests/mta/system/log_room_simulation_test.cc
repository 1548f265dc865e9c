// Deliveries of an owner whose log lines wait: they wait, too, others continue, and no outcome is lost.
#include <algorithm>
#include <catch2/catch.hpp>

#include "mta/system/log_room.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::log_rooms;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::int64_t kHog = 1001, kOther = 1002;

// A host that accepts everything, a domain that does not exist, and a log with any backlog that the test wants.
struct World : Simulation {
  SimulatedHost there;
  mta::LogRoom::Hold backlog;

  explicit World(const std::string& toml = "") : Simulation(toml) {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    host("192.0.2.1:25", there);
    run_for(seconds(1));
  }
  void fill_log() { backlog = log_rooms().outcomes.charge(proto::ShareOwner::user(kHog), 40u << 20); }

  long lines(const std::string& what, const std::string& recipient) const {
    return std::count_if(log.begin(), log.end(), [&](const std::string& line) {
      return line.find(what) != std::string::npos && line.find("to=<" + recipient) != std::string::npos;
    });
  }
  void submit_hog(int count, const std::string& domain) {
    for (int i = 0; i < count; ++i) submit_as(kHog, "hog@there.example", {"hog" + std::to_string(i) + "@" + domain});
  }
};

}  // namespace

TEST_CASE("log room: mail of a user whose lines wait is not tried, another's to the same host and the same bad domain is") {
  World world;
  world.fill_log();
  world.submit_hog(50, "there.example");
  world.submit_hog(50, "nowhere.example");
  world.run_for(seconds(2));
  world.submit_as(kOther, "me@there.example", {"you@there.example"});
  world.submit_as(kOther, "me@there.example", {"you@nowhere.example"});
  world.run_for(milliseconds(500));
  CHECK(world.lines("outcome=delivered", "you@there.example") == 1);
  CHECK(world.lines("outcome=failed", "you@nowhere.example") == 1);
  world.run_for(minutes(5));
  CHECK(world.lines("outcome=", "hog") == 0);
  CHECK(world.there.received.size() == 2);  // with the notice for the other user
  world.backlog.release();
  world.run_for(seconds(3));
  for (int i = 0; i < 50; ++i) {
    CHECK(world.lines("outcome=delivered", "hog" + std::to_string(i) + "@there.example") == 1);
    CHECK(world.lines("outcome=failed", "hog" + std::to_string(i) + "@nowhere.example") == 1);
  }
  world.run_for(hours(2));
  CHECK(world.queued() == 0);
}

TEST_CASE("log room: a large message whose lines do not fit waits as a whole, and is told once") {
  World world;
  std::vector<std::string> recipients;
  for (int i = 0; i < 1000; ++i) recipients.push_back("hog" + std::to_string(i) + "@nowhere.example");
  world.backlog = log_rooms().outcomes.charge(proto::ShareOwner::user(kHog), 7u << 20);  // some room is left
  REQUIRE(log_rooms().outcomes.has_room(proto::ShareOwner::user(kHog)));
  auto rest = log_rooms().outcomes.charge(proto::ShareOwner::user(kHog), 900u << 10);
  REQUIRE(log_rooms().outcomes.has_room(proto::ShareOwner::user(kHog)));
  world.submit_as(kHog, "hog@there.example", recipients);
  world.run_for(minutes(1));
  CHECK(world.lines("outcome=", "hog") == 0);
  rest.release();
  world.run_for(seconds(3));
  CHECK(world.lines("outcome=failed", "hog") == 1000);
}

TEST_CASE("log room: many jobs that wait are looked at a thousand times a second, and all get their turn") {
  World world;
  world.fill_log();
  std::vector<std::string> recipients;
  for (int i = 0; i < 3000; ++i) recipients.push_back("hog@d" + std::to_string(i) + ".example");
  world.submit_as(kHog, "hog@there.example", recipients);
  world.run_for(seconds(10));
  const auto asked = world.dns->asked.size();
  world.run_for(seconds(10));
  CHECK(world.dns->asked.size() - asked <= 2 * 2 * 10'000);  // of two workers, MX and address
  world.backlog.release();
  world.run_for(seconds(10));
  CHECK(world.lines("outcome=failed", "hog") == 3000);
}

TEST_CASE("log room: mail that waits for the log obeys its operator") {
  World world;
  world.fill_log();
  const auto removed = world.submit_as(kHog, "hog@there.example", {"removed@there.example"});
  const auto held = world.submit_as(kHog, "hog@there.example", {"held@there.example"});
  world.run_for(seconds(5));
  world.act(queue::ActionKind::remove, removed);
  world.act(queue::ActionKind::hold, held);
  world.backlog.release();
  world.run_for(minutes(1));
  CHECK(world.there.received.empty());
  world.act(queue::ActionKind::release, held);
  world.run_for(minutes(1));
  CHECK(world.there.received.size() == 1);
  CHECK(world.queued() == 0);
}

TEST_CASE("log room: held mail whose lifetime ends while its owner's lines wait stays held, and is not sent") {
  World world("retry.held_lifetime = \"1h\"\n");
  world.fill_log();
  const auto held = world.submit_as(kHog, "hog@there.example", {"held@there.example"});
  world.run_for(seconds(5));
  world.act(queue::ActionKind::hold, held);
  world.crash();  // from here on it is held because the spool says so
  world.run_for(hours(5));
  CHECK(world.there.received.empty());
  CHECK(world.load(held).held);
  world.backlog.release();
  world.run_for(minutes(11));
  CHECK(world.lines("expired", "held") + world.lines("outcome=failed", "held") == 1);
  CHECK(std::none_of(world.there.received.begin(), world.there.received.end(),
                     [](const SimulatedMail& mail) { return mail.recipients.find("held@") != std::string::npos; }));
}
