// Lookups of users, with a name service that hangs.
#include "mta/system/user_lookup.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/virtual_time.h"

namespace mxpress::testing {
namespace {

namespace fairness = mta::fairness;
using mta::system::UserAnswer;
using mta::system::UserLookup;

// Runs look_up() to its end without a moment of simulated time, and returns the answer to the first name.
UserAnswer answer(UserLookup& users, std::vector<std::string> names) {
  asio::io_context io(1);
  const std::string first = names.front();
  bool is_done = false;
  asio::co_spawn(io, users.look_up({}, std::move(names)), [&](std::exception_ptr) { is_done = true; });
  while (!is_done) {
    io.poll();
    std::this_thread::yield();
  }
  return users.answer(first).value();
}

// A name service that waits, for names with an "h", until it is released.
struct HangingService {
  UserAnswer operator()(const std::string& name) const {
    ++*asked;
    if (name.starts_with("h")) gate.wait();
    return name.ends_with("x") ? UserAnswer::unknown : UserAnswer::known;
  }
  void wait_for(int count) const {
    while (*asked < count) std::this_thread::yield();
  }
  std::shared_ptr<std::atomic<int>> asked = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::promise<void>> opener = std::make_shared<std::promise<void>>();
  std::shared_future<void> gate = opener->get_future().share();
};

// A name service that answers once for each release, and records the names that it was asked for, in order.
class SteppedService {
 public:
  UserAnswer answer(const std::string& name) {
    std::unique_lock lock(mutex_);
    asked_.push_back(name);
    changed_.notify_all();
    changed_.wait(lock, [this] { return permits_ > 0; });
    --permits_;
    return UserAnswer::known;
  }
  void let_go(int times) {
    const std::lock_guard lock(mutex_);
    permits_ += times;
    changed_.notify_all();
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_.size() >= count; });
  }
  [[nodiscard]] std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  int permits_ = 0;
};

}  // namespace

TEST_CASE("user lookup: root is a user, and what no login name can be is none") {
  CHECK(mta::system::ask_name_service("root") == UserAnswer::known);
  for (const char* name : {"no such user", "root\nx", "root:0", "../root", "0"})
    CHECK(mta::system::ask_name_service(name) == UserAnswer::unknown);
  CHECK(mta::system::ask_name_service(std::string(100'000, 'x')) == UserAnswer::unknown);
  CHECK_FALSE(mta::system::names_in_passwd().empty());
}

TEST_CASE("user lookup: answers are kept, and several names are asked for at once") {
  VirtualTime time;
  const HangingService service;
  UserLookup users(service);
  CHECK_FALSE(users.answer("bob"));
  CHECK(answer(users, {"bob", "annx"}) == UserAnswer::known);
  CHECK(users.answer("annx") == UserAnswer::unknown);
  CHECK(answer(users, {"bob"}) == UserAnswer::known);
  CHECK(*service.asked == 2);
  CHECK_FALSE(users.names()->empty());
}

TEST_CASE("user lookup: one that hangs holds nobody up, and while two hang the others have their answer at once") {
  const HangingService service;
  VirtualTime time;
  {
    UserLookup users(service);
    const auto give_up = [&](const char* name, int asked) {
      asio::io_context io(1);
      asio::co_spawn(io, users.look_up({}, {name}), [](std::exception_ptr) {});
      io.poll();
      service.wait_for(asked);
      time.run_for(io, std::chrono::seconds(2));
      return users.answer(name).value();
    };
    CHECK(give_up("hang1", 1) == UserAnswer::unavailable);
    CHECK(answer(users, {"ann"}) == UserAnswer::known);
    CHECK(give_up("hang2", 3) == UserAnswer::unavailable);
    CHECK(answer(users, {"carl"}) == UserAnswer::unavailable);
    CHECK(*service.asked == 3);
  }
  service.opener->set_value();  // the threads end after the lookup
}

TEST_CASE("user lookup: owners take turns: who asks for one name does not wait for all names of another owner") {
  const auto flood = fairness::Owner::user(1001), other = fairness::Owner::user(1002);
  const auto service = std::make_shared<SteppedService>();  // shared with the threads
  asio::io_context io(1);
  UserLookup users([service](const std::string& name) { return service->answer(name); });
  int left = 0;
  const auto ask = [&](const fairness::Owner& owner, const std::string& name) {
    asio::co_spawn(io, users.look_up(owner, {name}), [&left](std::exception_ptr) { --left; });
    ++left;
    io.poll();
  };
  for (int i = 0; i < 2; ++i) ask(flood, "first" + std::to_string(i));
  service->wait_for(2);  // both threads have a name
  for (int i = 0; i < 50; ++i) ask(flood, "flood" + std::to_string(i));
  ask(other, "bob");
  for (std::size_t asked = 3; asked <= 5; ++asked) {
    service->let_go(1);
    service->wait_for(asked);  // one thread at a time takes its next name
  }
  const std::vector<std::string> order = service->asked();
  CHECK(std::find(order.begin(), order.end(), "bob") != order.end());
  service->let_go(1000);
  while (left > 0) io.run_one();
}

}  // namespace mxpress::testing
