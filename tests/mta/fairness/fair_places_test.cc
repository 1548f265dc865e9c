// Coroutines that wait for places with fair shares.
#include "mta/fairness/fair_places.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <list>

#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace std::chrono_literals;
using mta::fairness::FairPlaces;
using mta::fairness::Owner;

namespace {

const Owner kMallory = Owner::user(1), kAlice = Owner::user(2), kBob = Owner::user(3);

struct World {
  testing::VirtualTime time;
  asio::io_context io;
  FairPlaces places{8};
  std::list<FairPlaces::Place> held;  // in the order in which they were given
  std::vector<Owner> given;
  int without = 0;

  void ask(const Owner& owner, std::chrono::nanoseconds patience = 5s) {
    asio::co_spawn(io, take(owner, BootClock::now() + patience), asio::detached);
    time.run_for(io, 0s);
  }

 private:
  Task<void> take(Owner owner, BootTime deadline) {
    auto place = co_await places.take(owner, deadline);
    if (!place) {
      ++without;
      co_return;
    }
    given.push_back(owner);
    held.push_back(std::move(*place));
  }
};

}  // namespace

TEST_CASE("fair places: one owner has half of them, and others find one at once") {
  World world;
  for (int i = 0; i < 20; ++i) world.ask(kMallory);
  CHECK(world.held.size() == 4);
  CHECK(world.places.waiting() == 16);
  world.ask(kAlice);
  CHECK(world.given.back() == kAlice);
}

TEST_CASE("fair places: a place that is free again goes to the owner who has fewest of those that wait") {
  World world;
  for (const Owner& owner : {kMallory, kAlice, kBob})
    for (int i = 0; i < 10; ++i) world.ask(owner);
  REQUIRE(world.given.size() == 7);  // four, two and one
  for (int i = 0; i < 2; ++i) world.held.pop_front();
  world.time.run_for(world.io, 0s);
  CHECK(world.given.size() == 8);
  CHECK(world.given.back() == kBob);
}

TEST_CASE("fair places: whoever waits without success until the deadline has left the line, however many did") {
  World world;
  for (int i = 0; i < 1000; ++i) world.ask(kMallory);
  world.time.run_for(world.io, 5s);
  CHECK(world.without == 996);
  CHECK(world.places.waiting() == 0);
  world.ask(kMallory);
  world.held.pop_front();
  world.time.run_for(world.io, 0s);
  CHECK(world.held.size() == 4);
  CHECK(world.places.waiting() == 0);
}

TEST_CASE("fair places: coroutines that have a place or wait for one may outlive them") {
  testing::VirtualTime time;
  asio::io_context io;
  auto places = std::make_unique<FairPlaces>(2);
  int given = 0, without = 0;
  const auto take = [&]() -> Task<void> {
    auto place = co_await places->take(kAlice, BootClock::now() + 5s);
    ++(place ? given : without);
    Timer timer(io, 1s);
    co_await timer.async_wait(use_task);
  };
  for (int i = 0; i < 3; ++i) asio::co_spawn(io, take, asio::detached);
  time.run_for(io, 0s);
  places.reset();
  time.run_for(io, 1min);
  CHECK(given == 1);
  CHECK(without == 2);
}
