// Deliveries to many recipients: limits of their memory, and the order in which they wait. Virtual time.
#include <array>
#include <catch2/catch.hpp>
#include <vector>

#include "mta/delivery/loads.h"
#include "mta/transport/transport.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::Loads;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::int64_t kMallory = 1001, kAlice = 1002;

std::vector<std::string> recipients(int count, const std::string& domain) {
  std::vector<std::string> result;
  for (int i = 0; i < count; ++i) result.push_back("u" + std::to_string(i) + "@" + domain);
  return result;
}

// Domains whose hosts answer slowly, and one that answers at once.
struct World : Simulation {
  World() {
    dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.2");
    host("192.0.2.2:25", here);
    for (int i = 0; i < kCrawling; ++i) {
      const std::string domain = crawling(i), address = "192.0.2." + std::to_string(10 + i);
      dns->mx(domain, 10, "mx." + domain).a("mx." + domain, address);
      hosts[i].takes = minutes(9);
      host(address + ":25", hosts[i]);
    }
  }
  static std::string crawling(int number) { return "crawl" + std::to_string(number) + ".example"; }
  static constexpr int kCrawling = 8;
  SimulatedHost here;
  std::array<SimulatedHost, kCrawling> hosts;
};

}  // namespace

TEST_CASE("long deliveries: hosts that crawl through one user's long lists keep no other user's list waiting") {
  World world;
  for (int i = 0; i < World::kCrawling; ++i) world.submit_as(kMallory, "mallory@here.example", recipients(20'000, World::crawling(i)));
  world.run_for(seconds(5));
  CHECK(world.loads().long_deliveries.counters().held > Loads::kLongDeliveries / 4);
  CHECK(world.loads().long_deliveries.counters().held <= Loads::kLongDeliveries / 2);
  world.submit_as(kAlice, "alice@here.example", recipients(150, "here.example"));
  world.run_for(seconds(5));
  CHECK(world.here.received.size() == 2);  // a hundred recipients in each transaction
}

TEST_CASE("long deliveries: a list that waits for room keeps no session, and is not read again and again") {
  World world;
  for (int i = 0; i < World::kCrawling; ++i) world.submit_as(kMallory, "mallory@here.example", recipients(20'000, World::crawling(i)));
  for (int i = 0; i < 20; ++i) world.submit_as(kMallory, "mallory@here.example", recipients(10'000, "here.example"));
  world.run_for(seconds(5));
  REQUIRE(world.here.received.empty());
  world.submit_as(kMallory, "mallory@here.example", {"you@here.example"});
  world.run_for(seconds(5));
  CHECK(world.here.received.size() == 1);
  const auto loads = world.loads().under_way.counters().charges;
  world.run_for(minutes(1));
  CHECK(world.loads().under_way.counters().charges == loads);
  for (SimulatedHost& host : world.hosts) host.takes = seconds(0);
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, std::chrono::hours(48)));
  CHECK(world.here.received.size() == 1 + 20 * 100);
}

TEST_CASE("long deliveries: of more than a hundred recipients only the beginning of each reply is kept") {
  const int count = GENERATE(1, 101);
  World world;
  world.here.rcpt = [](const std::string&) { return "450 4.2.1 " + std::string(900, 'x'); };
  const auto id = world.submit("me@here.example", recipients(count, "here.example"));
  world.run_for(seconds(30));
  const auto message = world.load(id);
  for (const auto& recipient : message.recipients) {
    REQUIRE(recipient.last);
    CHECK((recipient.last->text.size() > mta::transport::kFewWords) == (count == 1));
    CHECK(recipient.last->text.starts_with("450 4.2.1 xxx"));
  }
}
