// Operations and the spool's table of messages.
#include "queue/message_table.h"

#include <catch2/catch.hpp>

#include "queue/housework_list.h"
#include "queue/index.h"
#include "queue/sites.h"
#include "tests/queue/operations.h"

namespace mxpress::queue {
namespace {

constexpr QueueId kId{(std::uint64_t{1} << 40) | 1};

struct Table {
  HouseworkList housework;
  MessageTable table{{.ended_kept = 10, .ended_octets = 1 << 20, .waiting_octets = 1 << 20, .site_octets = 1 << 20},
                     [] { return WallTime(Duration(5000)); },
                     housework};
  Answers answers;
  Operations ended;

  bool admit(const OperationPtr& operation, const Status& accepting = {}) { return table.admit(operation, accepting, answers); }
  void finish(const OperationPtr& operation, std::uint32_t segment = 1) {
    operation->location = {segment, 8};
    table.finish(operation, ended);
  }
};

TEST_CASE("message table: each change of a message has the next sequence, and one of an unknown message is refused") {
  Table t;
  t.finish(a_store(kId));
  const auto first = a_change(kId), second = a_change(kId), unknown = a_change(QueueId{kId.value + 1});
  CHECK(t.admit(first));
  CHECK(t.admit(second));
  CHECK(first->header.sequence == 1);
  CHECK(second->header.sequence == 2);
  std::optional<Status> answer;
  unknown->done = [&](Status status) { answer = std::move(status); };
  CHECK_FALSE(t.admit(unknown));
  REQUIRE(t.answers.size() == 1);
  t.answers[0]();
  CHECK_FALSE(answer->ok());
}

TEST_CASE("message table: a drop file is refused while it is stored, and has its first id afterwards") {
  Table t;
  const auto first = a_store(kId, "drop"), again = a_store(QueueId{kId.value + 1}, "drop"), later = a_store(QueueId{kId.value + 2}, "drop");
  std::optional<Result<QueueId>> answer;
  again->stored = later->stored = [&](Result<QueueId> id) { answer = std::move(id); };
  CHECK(t.admit(first));
  CHECK_FALSE(t.admit(again));
  t.answers.at(0)();
  CHECK_FALSE(*answer);
  t.finish(first);
  CHECK_FALSE(t.admit(later));
  t.answers.at(1)();
  CHECK(answer->value() == kId);
}

TEST_CASE("message table: where nothing is accepted messages are refused and changes are not") {
  Table t;
  t.finish(a_store(kId));
  CHECK_FALSE(t.admit(a_store(QueueId{kId.value + 1}), Error::transient("no room")));
  CHECK(t.admit(a_change(kId), Error::transient("no room")));
}

TEST_CASE("message table: the last durable outcome ends a message, and asks for the record that says so") {
  Table t;
  t.finish(a_store(kId));
  const auto delivered = a_change(kId, RecipientStage::delivered);
  t.table.show(delivered);
  CHECK(t.table.pending_changes(kId).size() == 1);
  CHECK(t.table.waiting() == 1);
  t.finish(delivered);
  CHECK(t.table.pending_changes(kId).empty());
  CHECK(t.table.waiting() == 0);
  REQUIRE(t.ended.size() == 1);
  CHECK(t.ended[0]->header.type == RecordType::ended);
  CHECK(t.housework.is_empty());  // it has no file
}

// A thread that sees it in the table must see the work, too: otherwise a checkpoint would remove the only record of a file in incoming/, or
// of its end.
TEST_CASE("message table: a large message is on the housework list as soon as it is in the table, and as soon as it has ended there") {
  Table t;
  const auto large = a_store(kId);
  large->header.type = RecordType::accepted_file;
  t.finish(large);
  CHECK(t.housework.take_to_place() == std::vector<QueueId>{kId});
  t.finish(a_change(kId, RecipientStage::delivered));
  CHECK(t.housework.take_to_remove() == std::vector<QueueId>{kId});
}

TEST_CASE("message table: files of earlier runs are on the housework list as soon as their segments can be removed") {
  Table t;
  const QueueId misplaced{kId.value + 1};
  t.table.index().segments[1] = {};
  t.table.finish_batch(2);
  t.table.merge(Index(), Sites(), {.misplaced = {misplaced}, .finished = {kId}});
  CHECK(t.table.oldest_sealed_segment() == 1u);
  CHECK(t.housework.take_to_place() == std::vector<QueueId>{misplaced});
  CHECK(t.housework.take_to_remove() == std::vector<QueueId>{kId});
}

TEST_CASE("message table: the file of a large message that is refused is to be removed") {
  Table t;
  const auto large = a_store(kId);
  large->header.type = RecordType::accepted_file;
  CHECK_FALSE(t.admit(large, Error::transient("no room")));
  CHECK(t.housework.take_to_remove() == std::vector<QueueId>{kId});
}

TEST_CASE("message table: a message is fresh until something is asked about it") {
  Table t;
  t.finish(a_store(kId));
  CHECK(t.table.fresh(kId));
  t.table.show(a_change(kId));
  CHECK_FALSE(t.table.fresh(kId));
}

TEST_CASE("message table: what this run knows of a site is newer than what recovery finds") {
  Table t;
  t.finish(site_operation({"well.example.org 25", 0, {}, std::nullopt}));
  t.finish(site_operation({"down.example.org 25", 5, WallTime(Duration(9000)), std::nullopt}), 3);
  Sites earlier;
  for (const char* name : {"well.example.org 25", "down.example.org 25", "other.example.org 25"})
    earlier.set({name, 1, WallTime(Duration(8000)), std::nullopt}, Location{1, 8});
  t.table.merge(Index(), earlier, {});
  CHECK(t.table.sites().find("well.example.org 25") == nullptr);
  CHECK(t.table.sites().find("down.example.org 25")->location.segment == 3);
  CHECK(t.table.sites().find("other.example.org 25") != nullptr);
}

TEST_CASE("message table: no segment is known to be complete before recovery, nor the one that is written") {
  Table t;
  t.table.index().segments[1] = {};
  t.table.index().segments[2] = {};
  t.table.finish_batch(2);
  CHECK_FALSE(t.table.oldest_sealed_segment());
  t.table.merge(Index(), Sites(), {});
  CHECK(t.table.oldest_sealed_segment() == 1u);
  t.table.index().segments.erase(1);
  CHECK_FALSE(t.table.oldest_sealed_segment());
}

}  // namespace
}  // namespace mxpress::queue
