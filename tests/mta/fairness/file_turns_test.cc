// Turns of owners at the threads that wait for the disk.
#include "mta/fairness/file_turns.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>

using namespace mxpress::mta::fairness;

namespace {

constexpr std::uint64_t kMiB = 1u << 20;
const Owner kA = Owner::user(1), kB = Owner::user(2), kC = Owner::user(3);

// Threads, turns, and the order in which calls ran.
struct Threads {
  explicit Threads(std::size_t count) : pool(count), turns(pool, count) {}
  ~Threads() { end(); }
  void end() {
    turns.close();
    pool.join();
  }

  void post(const Owner& owner, std::uint64_t octets, char name) {
    turns.post({owner, octets}, [this, name] {
      const std::lock_guard lock(mutex);
      order += name;
    });
  }
  // A call that occupies its thread until `release`.
  void hold(const Owner& owner) {
    std::promise<void> began;
    auto begins = began.get_future();
    turns.post({owner, 0}, [began = std::move(began), until = release.get_future().share()]() mutable {
      began.set_value();
      until.wait();
    });
    begins.wait();
  }
  // Waits for all calls posted so far.
  std::string all() {
    release.set_value();
    for (const Owner& owner : {kA, kB, kC}) {
      std::promise<void> done;
      auto is_done = done.get_future();
      turns.post({owner, 100 * kMiB}, [done = std::move(done)]() mutable { done.set_value(); });
      is_done.wait();
    }
    const std::lock_guard lock(mutex);
    return order;
  }

  std::promise<void> release;
  std::mutex mutex;
  std::string order;
  boost::asio::thread_pool pool;
  FileTurns turns;
};

}  // namespace

TEST_CASE("file turns: one owner never has all threads") {
  Threads threads(4);
  std::promise<void> release;
  std::atomic<int> running = 0;
  const auto until = release.get_future().share();
  for (int call = 0; call < 10; ++call)
    threads.turns.post({kA, kMiB}, [&running, until] {
      ++running;
      until.wait();
    });
  std::promise<void> other;
  threads.turns.post({kB, kMiB}, [&other] { other.set_value(); });
  const bool has_run = other.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  CHECK(has_run);
  CHECK(running <= 3);
  release.set_value();
  threads.end();
}

TEST_CASE("file turns: a call waits for one call of another owner, not for that owner's line") {
  Threads threads(1);
  threads.hold(kC);
  for (int call = 0; call < 5; ++call) threads.post(kA, kMiB, 'a');
  threads.post(kB, kMiB, 'b');
  CHECK(threads.all() == "abaaaa");
}

TEST_CASE("file turns: owners get octets in equal shares, not calls") {
  Threads threads(1);
  threads.hold(kC);
  for (int call = 0; call < 3; ++call) threads.post(kA, kMiB, 'a');
  for (int call = 0; call < 8; ++call) threads.post(kB, kMiB / 16, 'b');
  CHECK(threads.all() == "abbbbbbbbaa");
}

TEST_CASE("file turns: an owner who was away starts where the others are") {
  Threads threads(1);
  threads.hold(kC);
  for (int call = 0; call < 2; ++call) threads.post(kA, 4 * kMiB, 'a');
  for (int call = 0; call < 2; ++call) threads.post(kB, kMiB, 'b');
  threads.turns.post({kB, 0}, [&] {
    for (int call = 0; call < 6; ++call) threads.post(kC, kMiB, 'c');
  });
  for (int call = 0; call < 2; ++call) threads.post(kB, kMiB, 'b');
  CHECK(threads.all() == "abbcbcbacccc");
}

TEST_CASE("file turns: after close() no call begins, and what waited is destroyed") {
  Threads threads(1);
  threads.hold(kC);
  const auto held = std::make_shared<int>(0);
  bool has_run = false;
  threads.turns.post({kA, 0}, [held, &has_run] { has_run = true; });
  threads.turns.close();
  threads.turns.post({kB, 0}, [held, &has_run] { has_run = true; });
  CHECK(held.use_count() == 1);
  threads.release.set_value();
  threads.pool.join();
  CHECK_FALSE(has_run);
}
