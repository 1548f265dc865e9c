// Whose messages are whose.
#include "queue/owners.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "queue/index.h"
#include "tests/queue/spool_fixture.h"

using namespace mxpress;
using queue::Owners;
using queue::QueueId;

namespace {

queue::NewMessage message_of(std::int64_t uid, std::string content = "x") {
  auto message = queue::new_message({"b@example.org"}, std::move(content));
  message.envelope.submitter.uid = uid;
  return message;
}

}  // namespace

TEST_CASE("owners: a message belongs to one user until it is removed") {
  Owners owners;
  const auto alice = owners.add(1001, {5});
  owners.add(1001, {1'000'000});
  owners.add(1002, {6});
  CHECK(owners.has(1001, {5}));
  CHECK_FALSE(owners.has(1002, {5}));
  CHECK_FALSE(owners.has(1001, {6}));
  auto ids = owners.ids(1001);
  std::sort(ids.begin(), ids.end());
  CHECK(ids == std::vector<QueueId>{{5}, {1'000'000}});
  owners.remove(alice, {5});
  CHECK_FALSE(owners.has(1001, {5}));
  CHECK(owners.has(1001, {1'000'000}));
}

TEST_CASE("owners: mail of an unknown submitter is nobody's") {
  Owners owners;
  CHECK(owners.add(-1, {5}) == 0);
  CHECK_FALSE(owners.has(-1, {5}));
  CHECK(owners.ids(-1).empty());
}

TEST_CASE("owners: a number is used again when its user has no mail any more") {
  Owners owners;
  const auto first = owners.add(1, {1});
  owners.remove(first, {1});
  CHECK(owners.add(2, {2}) == first);
  CHECK_FALSE(owners.has(1, {2}));
  CHECK(owners.ids(1).empty());
}

TEST_CASE("owners: the 65,536th user with mail is nobody, and the others keep theirs") {
  Owners owners;
  for (std::int64_t uid = 1; uid <= 65'535; ++uid) REQUIRE(owners.add(uid, {static_cast<std::uint64_t>(uid)}) != 0);
  CHECK(owners.add(65'536, {65'536}) == 0);
  CHECK(owners.has(65'535, {65'535}));
  CHECK_FALSE(owners.has(65'536, {65'536}));
}

TEST_CASE("owners: the spool knows whose its messages are after a restart, in the journal and in message files, also of what has ended") {
  queue::SpoolFixture fixture;
  fixture.options.ended_kept = 1;
  REQUIRE(fixture.open());
  const auto inlined = *fixture.store(message_of(1001));
  const auto other = *fixture.store(message_of(1002));
  const auto ended = *fixture.store(message_of(1001));
  fixture.spool->settle(queue::settlement(ended, 0, queue::RecipientStage::delivered), nullptr);
  fixture.commit();
  for (int round = 0; round < 2; ++round) {
    CHECK(fixture.spool->owns(1001, inlined));
    CHECK(fixture.spool->owns(1001, ended));
    CHECK_FALSE(fixture.spool->owns(1001, other));
    CHECK(fixture.spool->ids_of(1001) == std::vector<QueueId>{inlined});
    REQUIRE(fixture.open_unread());
    const auto meanwhile = *fixture.store(message_of(1003));
    REQUIRE(fixture.spool->recover([](const auto&) {}, [](const auto&) {}));
    CHECK(fixture.spool->owns(1003, meanwhile));
    CHECK_FALSE(fixture.spool->owns(1001, meanwhile));
  }
  const auto next = *fixture.store(message_of(1002));
  fixture.spool->settle(queue::settlement(next, 0, queue::RecipientStage::delivered), nullptr);
  fixture.commit();
  CHECK_FALSE(fixture.spool->owns(1001, ended));  // forgotten
}

TEST_CASE("owners: the spool knows which user handed a message in, and of no other message") {
  queue::Index index;
  index.add(QueueId{1}, 33, 1, 0);
  index.add(QueueId{2}, -1, 1, 0);
  CHECK(index.uid_of(QueueId{1}) == 33);
  CHECK(index.uid_of(QueueId{2}) == -1);
  CHECK(index.uid_of(QueueId{3}) == -1);
}

TEST_CASE("owners: asking for somebody else's message takes as many calls of the disk as asking for none: none") {
  queue::SpoolFixture fixture;
  REQUIRE(fixture.open());
  const auto other = *fixture.store(message_of(1002));
  fixture.disk.remember_calls();
  const auto before = fixture.disk.calls().size();
  CHECK_FALSE(fixture.spool->owns(1001, other));
  CHECK_FALSE(fixture.spool->owns(1001, {other.value + 1}));
  CHECK(fixture.disk.calls().size() == before);
}
