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

namespace {

struct Requests {
  asio::io_context io{1};
  LoadBudget budget{100};
  std::vector<int> granted;  // in order
  std::deque<std::optional<LoadBudget::Charge>> charges;

  // Its number.
  int ask(std::uint64_t octets) {
    const int number = static_cast<int>(charges.size());
    charges.emplace_back();
    auto wait = [](Requests& all, int me, std::uint64_t how_much) -> Task<void> {
      all.charges[static_cast<std::size_t>(me)] = co_await all.budget.acquire(how_much);
      all.granted.push_back(me);
    };
    asio::co_spawn(io, wait(*this, number, octets), asio::detached);
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

TEST_CASE("load budget: requests are granted in the order in which they came, a small one too") {
  Requests all;
  const int first = all.ask(60);
  const int large = all.ask(80);
  const int small = all.ask(10);  // it would fit, but another one came before it
  CHECK(all.granted == std::vector<int>{first});
  CHECK(all.budget.counters().waiting == 2);
  all.release(first);
  CHECK(all.granted == std::vector<int>{first, large, small});
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
    all.ask(random() % 101);
    const auto& held = all.granted;
    if (random() % 2 == 0 && !held.empty()) all.release(held[random() % held.size()]);
  }
  for (std::size_t i = 0; i < all.granted.size(); ++i) all.release(all.granted[i]);
  CHECK(all.granted.size() == 500);
  CHECK(all.budget.counters().peak <= all.budget.limit());
  CHECK(all.budget.counters().held == 0);
}

TEST_CASE("load budget: a charge may outlive its budget") {
  asio::io_context io;
  auto budget = std::make_unique<LoadBudget>(10);
  std::vector<LoadBudget::Charge> kept;
  for (int i = 0; i < 2; ++i)  // the second is never granted
    asio::co_spawn(io, [&]() -> Task<void> { kept.push_back(co_await budget->acquire(10)); }, asio::detached);
  io.poll();
  REQUIRE(kept.size() == 1);
  budget.reset();
  kept.clear();
  io.poll();
  CHECK(kept.empty());
}
