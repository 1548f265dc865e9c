// One write and one sync for all waiting operations, and their fate when the disk fails.
#include "queue/committer.h"

#include <catch2/catch.hpp>

#include "queue/acceptance.h"
#include "queue/commit_queue.h"
#include "queue/guarded.h"
#include "queue/housework_list.h"
#include "queue/index.h"
#include "queue/message_table.h"
#include "queue/spool_context.h"
#include "tests/queue/operations.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kRun = 1;
constexpr QueueId id(std::uint64_t number) { return {(kRun << 40) | number}; }

struct Journaling {
  test::ForgetfulDisk disk;
  const SpoolContext context{disk, options_of_parts(), {"/spool"}, kRun};
  CommitQueue queue{kRun};
  HouseworkList housework;
  Guarded<MessageTable> table{TableLimits{.ended_kept = 10, .ended_octets = 1 << 20, .waiting_octets = 1 << 20, .site_octets = 1 << 20},
                              context.options.wall, housework};
  Acceptance acceptance;
  Committer committer{context, {queue, table, housework, acceptance}, 1};
  std::vector<Result<QueueId>> answers;

  Journaling() {
    for (const char* folder : {"/spool", "/spool/journal", "/spool/messages"}) REQUIRE(disk.make_folder(folder));
  }
  void store(std::uint64_t number) {
    auto operation = a_store(id(number));
    operation->stored = [this](Result<QueueId> result) { answers.push_back(std::move(result)); };
    queue.push(std::move(operation));
  }
  std::size_t answered_well() const {
    std::size_t well = 0;
    for (const auto& answer : answers) well += answer ? 1 : 0;
    return well;
  }
};

TEST_CASE("committer: all that waits is one write and one sync") {
  Journaling j;
  j.store(1);
  CHECK(j.committer.commit(Committer::Sync::yes));  // with the first segment
  for (std::uint64_t i = 2; i <= 5; ++i) j.store(i);
  j.queue.push(a_change(id(1)));
  const auto before = j.disk.operations();
  CHECK(j.committer.commit(Committer::Sync::yes));
  CHECK(j.disk.operations() == before + 2);
  CHECK(j.answered_well() == 5);
  CHECK(j.table.lock()->waiting() == 5);
  CHECK_FALSE(j.committer.commit(Committer::Sync::yes));
}

TEST_CASE("committer: an outcome is answered when it is synced, not when it is written") {
  Journaling j;
  j.store(1);
  CHECK(j.committer.commit(Committer::Sync::yes));
  bool durable = false;
  auto change = a_change(id(1), RecipientStage::delivered);
  change->done = [&](const Status& status) { durable = status.ok(); };
  j.queue.push(std::move(change));
  const auto before = j.disk.operations();
  CHECK(j.committer.commit(Committer::Sync::no));
  CHECK(j.disk.operations() == before + 1);
  CHECK_FALSE(durable);
  CHECK_FALSE(j.committer.commit(Committer::Sync::yes));
  CHECK(durable);
  CHECK(j.table.lock()->waiting() == 0);
}

TEST_CASE("committer: a batch that cannot be synced refuses its messages, and records its outcomes in a fresh segment") {
  Journaling j;
  j.store(1);
  CHECK(j.committer.commit(Committer::Sync::yes));
  bool durable = false;
  auto change = a_change(id(1));
  change->done = [&](const Status& status) { durable = status.ok(); };
  j.queue.push(std::move(change));
  j.store(2);
  j.disk.fail_after(2, "broken");  // the sync
  CHECK_FALSE(j.committer.commit(Committer::Sync::yes));
  CHECK(durable);
  REQUIRE(j.answers.size() == 2);
  CHECK_FALSE(j.answers[1]);
  CHECK(j.acceptance.is_given());
  CHECK(j.table.lock()->index().segments.size() == 2);
  CHECK(j.table.lock()->waiting() == 1);
}

TEST_CASE("committer: where the fresh segment fails, too, nothing is accepted until one can be written") {
  Journaling j;
  j.disk.fail_on("journal", "broken");
  for (std::uint64_t i = 1; i <= 2; ++i) {
    j.store(i);
    CHECK_FALSE(j.committer.commit(Committer::Sync::yes));
  }
  CHECK_FALSE(j.acceptance.is_given());
  CHECK(j.acceptance.status().error().message.find("/spool cannot be written") != std::string::npos);
  j.disk.fail_on("", "");
  CHECK_FALSE(j.committer.commit(Committer::Sync::yes));  // nothing waits: it only probes the disk
  CHECK(j.acceptance.is_given());
  j.store(3);
  CHECK(j.committer.commit(Committer::Sync::yes));
  CHECK(j.answered_well() == 1);
}

}  // namespace
}  // namespace mxpress::queue
