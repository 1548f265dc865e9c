// Messages shared by many jobs: read once, kept up to date, within a limit.
#include "mta/delivery/shared_messages.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <catch2/catch.hpp>
#include <future>

#include "mta/config/config.h"
#include "mta/delivery/large_checks.h"
#include "mta/delivery/load_budget.h"
#include "mta/delivery/site.h"
#include "mta/fairness/file_turns.h"
#include "tests/queue/spool_fixture.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::mta::delivery;
using queue::QueueId;
using queue::RecipientStage;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t kRoom = 64 * 1024;

struct World : queue::SpoolFixture {
  testing::VirtualTime time;
  asio::io_context io{1};
  std::shared_ptr<const mta::Config> config = std::make_shared<const mta::Config>();
  LoadBudget budget{1u << 20};
  std::optional<mta::fairness::FileTurns> files;
  std::optional<LargeChecks> large_checks;
  std::optional<SharedMessages> messages;
  std::vector<Result<SharedMessages::Given>> given;

  explicit World(asio::thread_pool* pool = nullptr) {
    REQUIRE(open());
    if (pool) files.emplace(*pool, 1);
    large_checks.emplace(files ? &*files : nullptr);
    messages.emplace(*spool, files ? &*files : nullptr, budget, *large_checks, kRoom);
  }

  // Two recipients in each of this many domains.
  QueueId put(int domains) {
    std::vector<std::string> recipients;
    for (int i = 0; i < 2 * domains; ++i) recipients.push_back("u" + std::to_string(i) + "@" + domain(i / 2));
    return store(queue::new_message(recipients)).value();
  }
  static std::string domain(int number) { return "d" + std::to_string(number) + ".example"; }

  void ask(QueueId id, int number, Need need = Need::envelope) {
    auto wait = [](World& world, QueueId what, mta::routing::DestinationName destination, Need how) -> Task<void> {
      world.given.push_back(co_await world.messages->share(what, std::move(destination), world.config, how));
    };
    const proto::Domain name = proto::Domain::parse(domain(number)).value();
    const mta::routing::DestinationName destination{mta::routing::DestinationRef(name)};
    asio::co_spawn(io, wait(*this, id, destination, need), asio::detached);
  }
  const Share& get(QueueId id, int number, Need need = Need::envelope) {
    ask(id, number, need);
    time.run_for(io, seconds(0));
    return given.back()->share;
  }
  void settle(QueueId id, std::uint32_t recipient, RecipientStage stage) {
    auto outcome = queue::settlement(id, recipient, stage);
    spool->settle(outcome, nullptr);
    messages->settled(outcome);
  }
  std::uint64_t reads() { return messages->counters().reads; }
};

}  // namespace

TEST_CASE("shared messages: each job gets the recipients at its destination, with their indices in the whole message") {
  World world;
  const QueueId id = world.put(50);
  const Share& share = world.get(id, 7);
  REQUIRE(share->recipients.size() == 2);
  CHECK(share->envelope.recipients[1].mailbox.to_string() == "u15@d7.example");
  queue::Settlement settlement{share->id, {{}, {0, 1}, {}}, {{1, {}}}};
  share.translate(settlement);
  CHECK(settlement.attempt.recipients == std::vector<std::uint32_t>{14, 15});
  CHECK(settlement.changes[0].recipient == 15);
}

TEST_CASE("shared messages: all jobs of a message that come while it is read, and afterwards, share one read") {
  World world;
  const QueueId id = world.put(50);
  std::optional<LoadBudget::Charge> all;
  asio::co_spawn(
      world.io, [&]() -> Task<void> { all = co_await world.budget.acquire(world.budget.limit(), mta::fairness::Owner()); }, asio::detached);
  world.time.run_for(world.io, seconds(0));
  for (int i = 0; i < 30; ++i) world.ask(id, i);
  world.time.run_for(world.io, seconds(1));
  CHECK(world.given.empty());
  all.reset();
  world.time.run_for(world.io, seconds(1));
  CHECK(world.given.size() == 30);
  for (int i = 30; i < 50; ++i) CHECK(world.get(id, i)->recipients.size() == 2);
  CHECK(world.reads() == 1);
  CHECK(world.budget.counters().held == 0);
}

TEST_CASE("shared messages: what a job has settled is known to the next job of its destination, without another read") {
  World world;
  const QueueId id = world.put(50);
  CHECK(world.get(id, 3)->recipients.size() == 2);
  world.settle(id, 6, RecipientStage::delivered);
  world.settle(id, 7, RecipientStage::pending);
  const Share& share = world.get(id, 3);
  REQUIRE(share->recipients.size() == 1);
  CHECK(share->envelope.recipients[0].mailbox.to_string() == "u7@d3.example");
  CHECK(share->recipients[0].attempts == 1);
  CHECK(world.reads() == 1);
}

TEST_CASE("shared messages: what is settled while the message is read is not lost") {
  asio::thread_pool pool(1);
  World world(&pool);
  const QueueId id = world.put(50);
  std::promise<void> go_on, done;
  asio::post(pool, [&go_on] { go_on.get_future().wait(); });
  world.ask(id, 3);
  world.io.poll();
  CHECK(world.reads() == 1);  // it is the pool's turn
  asio::post(pool, [&done] { done.set_value(); });
  go_on.set_value();
  done.get_future().wait();                        // now the message has been read, but not processed
  world.settle(id, 6, RecipientStage::delivered);  // the worker has not seen the read yet
  world.io.restart();
  world.io.run_one();
  world.time.run_for(world.io, seconds(0));
  REQUIRE(world.given.size() == 1);
  CHECK(world.given[0]->share->recipients.size() == 1);
  CHECK(world.reads() == 1);
}

TEST_CASE("shared messages: after an operator's action the message is read again, also if it was being read then") {
  World world;
  const QueueId id = world.put(50);
  CHECK(world.get(id, 3)->recipients.size() == 2);
  world.spool->act(queue::ActionKind::remove, {id}, nullptr);
  world.messages->forget(id);
  CHECK(world.get(id, 3)->recipients.empty());
  CHECK(world.reads() == 2);
}

TEST_CASE("shared messages: content is read only for those who need it, and again for nobody") {
  World world;
  const QueueId id = world.put(50);
  CHECK_FALSE(world.get(id, 1)->content);
  CHECK(world.get(id, 2, Need::content)->content);
  CHECK_FALSE(world.get(id, 3)->content);
  CHECK(world.get(id, 4, Need::content)->content);
  CHECK(world.reads() == 2);
}

TEST_CASE("shared messages: the copies keep within their bound, and a message whose copy makes way is read once in a while") {
  World world;
  std::vector<QueueId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(world.put(40));  // one fits, two do not
  for (int round = 0; round < 40; ++round) {
    for (const QueueId id : ids) world.ask(id, round);
    world.time.run_for(world.io, std::chrono::milliseconds(500));
  }
  world.time.run_for(world.io, seconds(10));
  CHECK(world.given.size() == 5 * 40);
  CHECK(world.messages->counters().peak <= kRoom);
  CHECK(world.reads() <= 5 * (20 / 5 + 3));  // not 200
}

TEST_CASE("shared messages: a copy that nobody uses goes") {
  World world;
  const QueueId id = world.put(50);
  world.get(id, 1);
  CHECK(world.messages->counters().kept > 0);
  world.messages->tidy(instant_now() + seconds(59));
  CHECK(world.messages->counters().kept > 0);
  world.messages->tidy(instant_now() + seconds(61));
  CHECK(world.messages->counters().kept == 0);
}

TEST_CASE("shared messages: a message that cannot be read is an error for each job that asks for it") {
  World world;
  const QueueId id = world.put(50);
  world.disk.fail_calls(1, 1'000'000'000, test::ForgetfulDisk::Fault::io);
  for (int i = 0; i < 20; ++i) world.ask(id, i);
  world.time.run_for(world.io, seconds(0));
  REQUIRE(world.given.size() == 20);
  for (const auto& result : world.given) CHECK_FALSE(result.ok());
}
