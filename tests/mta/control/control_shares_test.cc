// Budgets of work, turns and places of the control socket.
#include "mta/control/shares.h"

#include <catch2/catch.hpp>
#include <thread>

#include "mta/control/places.h"

using namespace mxpress::mta::control;
using namespace std::chrono_literals;

namespace {

constexpr WorkLimits kLimits{100, 1000, 200, 5000, 1};
const WorkBudgets::Time kStart{1h};

ControlPeer root() { return {0, true, true}; }
ControlPeer member(uid_t uid) { return {uid, true, false}; }
ControlPeer other(uid_t uid) { return {uid, false, false}; }

}  // namespace

TEST_CASE("work budgets: who has used up a burst waits until it is refilled to nothing, and others do not") {
  WorkBudgets budgets(kLimits);
  CHECK(budgets.wait(1, kStart) == 0ms);
  budgets.charge(1, 1500, kStart);
  CHECK(budgets.wait(1, kStart) == 5000ms);
  CHECK(budgets.wait(2, kStart) == 0ms);
  CHECK(budgets.wait(1, kStart + 3s) == 2000ms);
  CHECK(budgets.wait(1, kStart + 5s) == 0ms);
}

TEST_CASE("work budgets: a loop of one user does no more than the rate, whatever it asks for") {
  WorkBudgets budgets(kLimits);
  std::uint64_t done = 0;
  for (auto now = kStart; now < kStart + 60s; now += 10ms) {
    if (budgets.wait(1, now) > 0ms) continue;
    budgets.charge(1, 10, now);
    done += 10;
  }
  CHECK(done <= 1000 + 60 * 100 + 10);
}

TEST_CASE("work budgets: many users together do no more than the rate of all, and who did least goes first") {
  WorkBudgets budgets(kLimits);
  std::uint64_t done = 0, honest = 0;
  for (auto now = kStart; now < kStart + 60s; now += 10ms)
    for (uid_t user = 1; user <= 50; ++user) {
      if (budgets.wait(user, now) > 0ms) continue;
      budgets.charge(user, 100, now);
      done += 100;
    }
  CHECK(done <= 5000 + 60 * 200 + 100);
  CHECK(budgets.left(99, kStart + 60s) > budgets.left(1, kStart + 60s));
  for (auto now = kStart + 60s; now < kStart + 62s && honest == 0; now += 10ms)
    if (budgets.wait(99, now) == 0ms) ++honest;
  CHECK(honest == 1);
}

TEST_CASE("work turns: the one turn goes to the user who has used least, and closing sends everybody away") {
  WorkTurns turns({1, 1e9, 1, 1e9, 1});
  REQUIRE(turns.take(1));
  std::vector<uid_t> order;
  std::mutex mutex;
  const auto wait = [&](uid_t user) {
    if (!turns.take(user)) return;
    {
      const std::lock_guard lock(mutex);
      order.push_back(user);
    }
    turns.give_back(user, 1);
  };
  std::thread busy([&] { wait(1); });
  std::thread quiet([&] { wait(2); });
  while (turns.waiting() < 2) std::this_thread::yield();
  turns.give_back(1, 100);
  busy.join();
  quiet.join();
  CHECK(order == std::vector<uid_t>{2, 1});
  REQUIRE(turns.take(1));
  std::thread late([&] { CHECK_FALSE(turns.take(3)); });
  while (turns.waiting() < 1) std::this_thread::yield();
  turns.close();
  late.join();
}

TEST_CASE("control places: nobody else can take the places of root and of operators") {
  const ConnectionLimits limits{2, 2, 4, 3};
  std::vector<ControlPeer> present;
  for (uid_t uid = 1000; uid < 1004; ++uid) present.push_back(other(uid));
  CHECK_FALSE(find_place(limits, present, other(2000)).admitted);
  CHECK(find_place(limits, present, member(3000)).admitted);
  present.push_back(member(3000));
  present.push_back(member(3000));
  CHECK_FALSE(find_place(limits, present, member(3001)).admitted);
  CHECK(find_place(limits, present, root()).admitted);
}

TEST_CASE("control places: one user has no more than a few, and gives way to who has none") {
  const ConnectionLimits limits{2, 2, 6, 3};
  std::vector<ControlPeer> present;
  for (uid_t uid : {1000, 1000, 1000}) present.push_back(other(uid));
  CHECK_FALSE(find_place(limits, present, other(1000)).admitted);
  for (uid_t uid : {1001, 1001, 1002}) present.push_back(other(uid));
  const Placing placing = find_place(limits, present, other(1003));
  CHECK(placing.admitted);
  CHECK(placing.displaced == 0);
  CHECK_FALSE(find_place(limits, present, other(1002)).admitted);
}
