// The cost of a message to very many domains that cannot be reached: counted in reads and octets, in virtual time.
#include <algorithm>
#include <catch2/catch.hpp>

#include "mta/delivery/loads.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

struct Cost {
  std::uint64_t reads = 0;   // of the whole message
  std::uint64_t octets = 0;  // of memory requested by loads in all
};

struct World : Simulation {
  World() : Simulation("[retry]\nschedule = \"20m*\"\ndelay_notice = \"0\"\nlifetime = \"1h\"\n") {}

  static std::string domain(int number) { return "d" + std::to_string(number) + ".example"; }
  enum class Backoff { lookup_fails, no_such_domain, host_is_dead };
  queue::QueueId submit_to(int domains, Backoff failure) {
    std::vector<std::string> recipients;
    for (int i = 0; i < domains; ++i) {
      if (failure == Backoff::lookup_fails) dns->fail(domain(i));
      if (failure == Backoff::host_is_dead)
        dns->mx(domain(i), 10, "mx." + domain(i)).a("mx." + domain(i), "192.0.2." + std::to_string(1 + i % 250));
      recipients.push_back("you@" + domain(i));
    }
    return submit("me@here.example", recipients);
  }
  Cost cost() {
    const auto under_way = loads().under_way.counters();
    CHECK(under_way.peak <= loads().under_way.limit());
    return {under_way.charges, under_way.octets};
  }
  bool all_have_attempts(queue::QueueId id, std::uint32_t attempts) {
    const auto message = load(id);
    return std::all_of(message.recipients.begin(), message.recipients.end(),
                       [&](const auto& r) { return r.attempts == attempts && r.last; });
  }
};

}  // namespace

TEST_CASE("many recipients: with twice as many domains that cannot be reached, twice as much is read of the message, in as many reads") {
  const auto failure = GENERATE(World::Backoff::lookup_fails, World::Backoff::host_is_dead);
  Cost costs[2];
  for (int i = 0; i < 2; ++i) {
    World world;
    const int domains = 400 * (i + 1);
    const auto id = world.submit_to(domains, failure);
    world.run_for(minutes(10));
    CHECK(world.all_have_attempts(id, 1));
    world.run_for(minutes(20));
    CHECK(world.all_have_attempts(id, 2));
    costs[i] = world.cost();
  }
  CHECK(costs[0].reads <= 20);
  CHECK(costs[1].reads <= costs[0].reads + 4);
  CHECK(costs[1].octets <= 2.5 * static_cast<double>(costs[0].octets));
}

TEST_CASE("many recipients: domains that do not exist cost a few reads, and one notice tells of all") {
  World world;
  world.submit_to(600, World::Backoff::no_such_domain);
  world.run_for(minutes(5));
  CHECK(world.cost().reads <= 20);
  const auto bounced = std::count_if(world.log.begin(), world.log.end(),
                                     [](const std::string& line) { return line.find(" bounced ") != std::string::npos; });
  CHECK(bounced == 1);
}

TEST_CASE("many recipients: expiry, and an operator who returns the message, cost a few reads") {
  const bool by_operator = GENERATE(false, true);
  World world;
  const auto id = world.submit_to(600, World::Backoff::lookup_fails);
  world.run_for(minutes(5));
  const auto before = world.cost().reads;
  if (by_operator) world.act(queue::ActionKind::bounce, id);
  world.run_for(minutes(by_operator ? 5 : 70));
  CHECK(world.load(id).ended);
  CHECK(world.cost().reads - before <= 60);  // of 600 jobs, each of which is tried three times and expires
}

TEST_CASE("many recipients: a restart reads the message as often as the first start did") {
  World world;
  const auto id = world.submit_to(600, World::Backoff::lookup_fails);
  world.run_for(minutes(5));
  world.crash();
  world.run_for(minutes(25));
  CHECK(world.all_have_attempts(id, 2));
  CHECK(world.cost().reads <= 10);
}
