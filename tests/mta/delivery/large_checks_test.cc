// Verification of large content, in steps and once per period.
#include "mta/delivery/large_checks.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "mta/fairness/file_turns.h"
#include "queue/content_check.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::mta::delivery;
using mta::fairness::FileTurns;
using mta::fairness::Owner;
using queue::QueueId;

namespace {

constexpr std::uint64_t kStep = queue::ContentCheck::kStep;
constexpr std::uint64_t kSize = 8 * kStep;

// Constant octets; counts the steps in which they are read.
struct Large final : queue::Content {
  explicit Large(std::string& steps, Status what = {}) : steps(steps), state(std::move(what)) {}
  std::string& steps;
  Status state;
  std::uint64_t size() const override { return kSize; }
  Result<std::size_t> read(std::uint64_t offset, char*, std::size_t size) const override {
    if (offset % kStep == 0) steps += 'a';
    return size;
  }
  Status verify() const override { return state; }
  Status verify(std::string_view) const override { return state; }
  Status verify_crc(std::uint32_t) const override { return state; }
};

struct Checks {
  testing::VirtualTime time;
  asio::io_context io{1};
  std::string steps;

  Status check(LargeChecks& checks, std::uint64_t id, Status state = {}) {
    std::optional<Status> result;
    auto call = [&]() -> Task<void> { result = co_await checks.check(QueueId{id}, Owner::user(1), std::make_shared<Large>(steps, state)); };
    asio::co_spawn(io, call(), asio::detached);
    io.restart();
    io.run();
    return result.value();
  }
};

}  // namespace

TEST_CASE("large checks: content that was intact a while ago is not read again for the next job") {
  Checks c;
  LargeChecks checks(nullptr);
  for (int job = 0; job < 9; ++job) CHECK(c.check(checks, 1));
  CHECK(c.steps.size() == 8);
  CHECK(c.check(checks, 2));
  CHECK(c.steps.size() == 16);  // it is another message
  c.time.run_for(c.io, LargeChecks::kLife);
  CHECK(c.check(checks, 1));
  CHECK(c.steps.size() == 24);
}

TEST_CASE("large checks: damaged content is found damaged each time") {
  Checks c;
  LargeChecks checks(nullptr);
  for (int job = 0; job < 2; ++job) CHECK_FALSE(c.check(checks, 1, Error::permanent("damaged")));
  CHECK(c.steps.size() == 16);
}

TEST_CASE("large checks: between the steps of one owner's letter another owner's read has its turn") {
  Checks c;
  asio::thread_pool pool(1);
  FileTurns files(pool, 1);
  LargeChecks checks(&files);
  std::promise<void> release;
  files.post({Owner::user(3), 0}, [until = release.get_future().share()] { until.wait(); });
  auto call = [&]() -> Task<void> { CHECK(co_await checks.check(QueueId{1}, Owner::user(1), std::make_shared<Large>(c.steps))); };
  asio::co_spawn(c.io, call(), asio::detached);
  c.io.poll();  // the first step waits for its turn
  files.post({Owner::user(2), 2'000'000}, [&] { c.steps += 'b'; });
  release.set_value();
  c.io.restart();
  c.io.run();
  CHECK(c.steps == "abaaaaaaa");
  files.close();
  pool.join();
}
