// Operations that wait for the committer, and how long they wait.
#include "queue/commit_queue.h"

#include <catch2/catch.hpp>

#include "tests/queue/operations.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kRun = 7;
constexpr std::uint64_t kMany = 1u << 20;  // octets
const QueueId kOurs{(kRun << 40) | 1}, kEarlier{((kRun - 1) << 40) | 1};

std::vector<QueueId> ids_of(const Operations& operations) {
  std::vector<QueueId> ids;
  for (const auto& operation : operations) ids.push_back(operation->id());
  return ids;
}

Operations take(CommitQueue& queue, std::uint64_t octets = kMany) {
  return queue.take(octets, [](const OperationPtr&) { return true; });
}

TEST_CASE("commit queue: a message is synced at once, an outcome is only written") {
  CommitQueue queue(kRun);
  queue.push(a_change(kOurs));
  CHECK(queue.wait(std::nullopt, CommitQueue::Journal::accepts) == CommitQueue::Turn::write);
  queue.push(a_store(kOurs));
  CHECK(queue.wait(std::nullopt, CommitQueue::Journal::accepts) == CommitQueue::Turn::sync);
  CHECK(take(queue).size() == 2);
}

TEST_CASE("commit queue: outcomes that were written are synced when they are due") {
  CommitQueue queue(kRun);
  CHECK(queue.wait(std::chrono::steady_clock::now(), CommitQueue::Journal::accepts) == CommitQueue::Turn::sync);
}

TEST_CASE("commit queue: after stop() nobody waits") {
  CommitQueue queue(kRun);
  queue.stop();
  CHECK(queue.wait(std::nullopt, CommitQueue::Journal::accepts) == CommitQueue::Turn::stop);
}

TEST_CASE("commit queue: changes of earlier runs and drop files are held back until recovery, and then follow the others") {
  CommitQueue queue(kRun);
  const QueueId dropped{kOurs.value + 1}, later{kOurs.value + 2};
  queue.push(a_change(kEarlier));
  queue.push(a_store(dropped, "a drop file"));
  queue.push(a_change(kOurs));
  CHECK(ids_of(take(queue)) == std::vector<QueueId>{kOurs});
  queue.push(a_store(later));
  queue.release();
  CHECK(ids_of(take(queue)) == std::vector<QueueId>{later, kEarlier, dropped});
  queue.push(a_change(kEarlier));
  CHECK(ids_of(take(queue)) == std::vector<QueueId>{kEarlier});
}

TEST_CASE("commit queue: a batch ends at its limit of octets, and what is not admitted does not count") {
  CommitQueue queue(kRun);
  for (std::uint64_t i = 0; i < 4; ++i) queue.push(a_change(QueueId{kOurs.value + i}));
  const auto second = QueueId{kOurs.value + 1};
  const auto batch = queue.take(1, [&](const OperationPtr& operation) { return operation->id() == second; });
  CHECK(ids_of(batch) == std::vector<QueueId>{second});
  CHECK(take(queue).size() == 2);
}

TEST_CASE("commit queue: what is put back is taken before everything else, and is as urgent as before") {
  CommitQueue queue(kRun);
  queue.push(a_store(kOurs));
  const auto taken = take(queue);
  queue.push(a_change(kOurs));
  queue.put_back(taken);
  CHECK(queue.wait(std::nullopt, CommitQueue::Journal::accepts) == CommitQueue::Turn::sync);
  CHECK(take(queue).front() == taken.front());
}

TEST_CASE("commit queue: at the end also what was held back is given up") {
  CommitQueue queue(kRun);
  queue.push(a_change(kEarlier));
  queue.push(a_change(kOurs));
  CHECK(ids_of(queue.take_all()) == std::vector<QueueId>{kOurs, kEarlier});
  CHECK(queue.take_all().empty());
}

}  // namespace
}  // namespace mxpress::queue
