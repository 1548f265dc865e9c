// Tests of the rate guard: limits, exemptions, incidents.
#include "mta/intake/rate_guard.h"

#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "proto/envelope.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::intake::RateGuard;
using queue::Instant;

proto::Submitter user(std::int64_t uid) {
  proto::Submitter submitter;
  submitter.uid = uid;
  submitter.program = "php-fpm8.2";
  submitter.unit = "php8.2-fpm.service";
  return submitter;
}

// With the built-in limits: 100 a minute, 300 at once.
struct World {
  mta::GuardConfig config;
  RateGuard guard;
  Instant now{1h};

  bool takes(std::int64_t uid, std::size_t recipients = 1) { return takes(user(uid), recipients); }
  bool takes(const proto::Submitter& submitter, std::size_t recipients = 1) {
    return guard.judge(config, submitter, recipients, now, WallTime(12h)).held_because.empty();
  }
  int taken_of(int letters, std::int64_t uid) {
    int taken = 0;
    for (int i = 0; i < letters; ++i) taken += takes(uid) ? 1 : 0;
    return taken;
  }
};

}  // namespace

TEST_CASE("guard: a user has a burst at once, and the rate behind it") {
  World world;
  CHECK(world.taken_of(1000, 33) == 300);
  world.now += 30s;
  CHECK(world.taken_of(1000, 33) == 50);
  world.now += 24h;
  CHECK(world.taken_of(1000, 33) == 300);
}

TEST_CASE("guard: who keeps to the rate is never held, and users do not count for each other") {
  World world;
  CHECK(world.taken_of(1000, 33) == 300);
  for (int i = 0; i < 1000; ++i) {
    CHECK(world.takes(34));
    world.now += 600ms;
  }
}

TEST_CASE("guard: a long list is let through once, and then is a debt that ends") {
  World world;
  CHECK(world.takes(33, 10'000));
  CHECK_FALSE(world.takes(33));
  world.now += 3min;
  CHECK_FALSE(world.takes(33));
  world.now += 1s;
  CHECK(world.takes(33));
}

TEST_CASE("guard: root, exempt users, and senders whose user is not known are not counted") {
  World world;
  world.config.exempt = {{"news", 9}, {"nobody here", -1}};
  CHECK(world.taken_of(1000, 0) == 1000);
  CHECK(world.taken_of(1000, 9) == 1000);
  CHECK(world.taken_of(1000, -1) == 1000);
  CHECK(world.guard.failures(world.now).empty());
  world.config.burst = 0;
  CHECK(world.taken_of(1000, 33) == 1000);
}

TEST_CASE("guard: a client over loopback is the user whom its socket names") {
  World world;
  proto::Submitter client;
  client.share = proto::ShareOwner::user(33);
  CHECK(world.taken_of(300, 33) == 300);
  CHECK_FALSE(world.takes(client));
}

TEST_CASE("guard: what a user's .forward makes of a message counts for that user, not for the sender") {
  World world;
  proto::Submitter submitter = user(33);
  submitter.forwarder = 44;
  int taken = 0;
  for (int i = 0; i < 1000; ++i) taken += world.takes(submitter) ? 1 : 0;
  CHECK(taken == 300);
  CHECK_FALSE(world.takes(44));
  CHECK(world.takes(33));
  submitter.forwarder = 0;
  CHECK(world.takes(submitter));
  CHECK_THAT(world.guard.failures(world.now).at(0), Catch::Contains("~/.forward"));
}

TEST_CASE("guard: an incident is told once, says who and how many, and ends an hour after the last letter that was held") {
  World world;
  for (int i = 0; i < 300; ++i) (void)world.takes(33);
  const auto judge = [&] { return world.guard.judge(world.config, user(33), 1, world.now, WallTime(12h)); };
  const auto first = judge();
  CHECK(first.is_first);
  CHECK(first.held_because == "Held by [guard]: uid 33 sends to more than 100/m recipients");
  CHECK_FALSE(judge().is_first);
  const auto failures = world.guard.failures(world.now);
  REQUIRE(failures.size() == 1);
  CHECK_THAT(failures[0], Catch::Contains("uid 33, php-fpm8.2 of php8.2-fpm.service") &&
                              Catch::Contains("2 message(s) held since 12:00 UTC") &&
                              Catch::Contains("mxpress release --uid 33 --state held"));
  world.now += 1h;
  CHECK(world.guard.failures(world.now).empty());
  for (int i = 0; i < 300; ++i) (void)world.takes(33);
  CHECK(judge().is_first);
}

TEST_CASE("guard: of very many users those are forgotten that were idle longest") {
  World world;
  world.config.rate = {1, 1h};
  CHECK(world.taken_of(300, 33) == 300);
  for (std::int64_t uid = 100; uid < 100 + 2 * std::int64_t{RateGuard::kMostUsers}; ++uid) {
    world.now += 1ms;
    (void)world.takes(uid);
    if (uid % 1000 == 0) (void)world.takes(33);
  }
  CHECK_FALSE(world.takes(33));
}

}  // namespace mxpress::testing
