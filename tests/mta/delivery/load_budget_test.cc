// The budget for loads of messages.
#include "mta/delivery/load_budget.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <deque>
#include <optional>
#include <random>

using namespace mxpress;
using mta::delivery::LoadBudget;
using mta::fairness::Owner;

namespace {

struct Requests {
  asio::io_context io{1};
  LoadBudget budget{100};
  std::vector<int> granted;  // in order
  std::deque<std::optional<LoadBudget::Charge>> charges;

  // Returns its number.
  int ask(std::uint64_t octets, Owner owner = Owner::user(33)) {
    const int number = static_cast<int>(charges.size());
    charges.emplace_back();
    auto wait = [](Requests& all, int me, std::uint64_t how_much, Owner who) -> Task<void> {
      all.charges[static_cast<std::size_t>(me)] = co_await all.budget.acquire(how_much, who);
      all.granted.push_back(me);
    };
    asio::co_spawn(io, wait(*this, number, octets, owner), asio::detached);
    run();
    return number;
  }
  void release(int number) {
    charges[static_cast<std::size_t>(number)].reset();
    run();
  }
  void run() {
    io.restart();
    io.poll();
  }
};

}  // namespace

TEST_CASE("load budget: requests of one owner are granted in the order in which they came, a small one too") {
  Requests all;
  const int first = all.ask(60);
  const int large = all.ask(80);
  const int small = all.ask(10);  // it would fit, but another one came first
  CHECK(all.granted == std::vector<int>{first});
  CHECK(all.budget.counters().waiting == 2);
  all.release(first);
  CHECK(all.granted == std::vector<int>{first, large});
  all.release(large);
  CHECK(all.granted.back() == small);
}

TEST_CASE("load budget: a request that is larger than the limit is granted as soon as nothing else is held") {
  Requests all;
  const int first = all.ask(1);
  const int huge = all.ask(1000);
  CHECK(all.granted == std::vector<int>{first});
  all.release(first);
  CHECK(all.granted == std::vector<int>{first, huge});
  const int next = all.ask(1);
  CHECK(all.granted.size() == 2);
  all.release(huge);
  CHECK(all.granted.back() == next);
}

TEST_CASE("load budget: no more than the limit is held, and every request is granted in the end") {
  Requests all;
  std::mt19937 random(GENERATE(range(1u, 6u)));
  for (int i = 0; i < 500; ++i) {
    all.ask(random() % 101, Owner::user(random() % 5));
    const auto& held = all.granted;
    if (random() % 2 == 0 && !held.empty()) all.release(held[random() % held.size()]);
  }
  for (std::size_t i = 0; i < all.granted.size(); ++i) all.release(all.granted[i]);
  CHECK(all.granted.size() == 500);
  CHECK(all.budget.counters().peak <= all.budget.limit());
  CHECK(all.budget.counters().held == 0);
}

TEST_CASE("load budget: an owner alone holds half of it, and each who comes later finds half of the rest free") {
  Requests all;
  const Owner greedy = Owner::user(33), other = Owner::user(34);
  for (int i = 0; i < 20; ++i) all.ask(10, greedy);
  CHECK(all.budget.counters().held == 50);
  const int honest = all.ask(25, other);
  CHECK(all.granted.back() == honest);
  CHECK(all.budget.counters().held == 75);
}

TEST_CASE("load budget: owners take turns, however many requests one of them has") {
  Requests all;
  const int everything = all.ask(100, Owner::user(1));
  for (int i = 0; i < 10; ++i) all.ask(20, Owner::user(33));
  const int second = all.ask(20, Owner::user(34)), third = all.ask(20, Owner::user(35));
  all.release(everything);
  CHECK(all.granted == std::vector<int>{0, 1, second, third});
  all.release(1);
  CHECK(all.granted.back() == 2);
}

TEST_CASE("load budget: owners who ask for much at once cannot use it up together, and a large request keeps no small one waiting") {
  Requests all;
  for (std::int64_t uid = 1; uid <= 20; ++uid)
    for (int i = 0; i < 4; ++i) all.ask(25, Owner::user(uid));
  CHECK(all.budget.counters().held <= 75);
  const int small = all.ask(2, Owner::user(99));
  CHECK(all.granted.back() == small);
}

TEST_CASE("load budget: a large request waits until as much is left as it takes, or nothing is held") {
  Requests all;
  const int held = all.ask(30, Owner::user(1));
  const int large = all.ask(90, Owner::user(2));
  const int half = all.ask(36, Owner::user(3));
  CHECK(all.granted == std::vector<int>{held});
  all.release(held);
  CHECK(all.granted == std::vector<int>{held, large});
  all.release(large);
  CHECK(all.granted.back() == half);
}

TEST_CASE("load budget: an owner whose next request is beyond his share keeps nobody else waiting, and gets it when nothing is held") {
  Requests all;
  const int small = all.ask(10, Owner::user(1));
  const int large = all.ask(80, Owner::user(1));
  const int others = all.ask(10, Owner::user(2));
  CHECK(all.granted == std::vector<int>{small, others});
  all.release(small);
  CHECK(all.granted.back() == others);
  all.release(others);
  CHECK(all.granted.back() == large);
}

TEST_CASE("load budget: a charge may outlive its budget") {
  asio::io_context io;
  auto budget = std::make_unique<LoadBudget>(10);
  std::vector<LoadBudget::Charge> kept;
  for (int i = 0; i < 2; ++i)  // the second is never granted
    asio::co_spawn(io, [&]() -> Task<void> { kept.push_back(co_await budget->acquire(10, Owner())); }, asio::detached);
  io.poll();
  REQUIRE(kept.size() == 1);
  budget.reset();
  kept.clear();
  io.poll();
  CHECK(kept.empty());
}
