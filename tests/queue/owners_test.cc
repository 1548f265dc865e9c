// The owners of messages.
#include "queue/owners.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "queue/index.h"
#include "tests/queue/spool_fixture.h"

using namespace mxpress;
using proto::ShareOwner;
using queue::MessageOwner;
using queue::Owners;
using queue::QueueId;

namespace {

// Submitted over loopback by a client whose socket belongs to this user.
queue::NewMessage by_smtp(std::int64_t uid, std::string content = "x") {
  auto message = queue::new_message({"b@example.org"}, std::move(content));
  message.envelope.submitter.share = ShareOwner::user(uid);
  return message;
}

queue::NewMessage message_of(std::int64_t uid, std::string content = "x") {
  auto message = queue::new_message({"b@example.org"}, std::move(content));
  message.envelope.submitter.uid = uid;
  return message;
}

}  // namespace

TEST_CASE("owners: a message belongs to one user until it is removed") {
  Owners owners;
  const auto alice = owners.add(MessageOwner::user(1001), {5});
  owners.add(MessageOwner::user(1001), {1'000'000});
  owners.add(MessageOwner::user(1002), {6});
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
  CHECK(owners.add(MessageOwner::user(-1), {5}) == 0);
  CHECK_FALSE(owners.has(-1, {5}));
  CHECK(owners.ids(-1).empty());
}

TEST_CASE("owners: a number is used again when its user has no mail any more") {
  Owners owners;
  const auto first = owners.add(MessageOwner::user(1), {1});
  owners.remove(first, {1});
  CHECK(owners.add(MessageOwner::user(2), {2}) == first);
  CHECK_FALSE(owners.has(1, {2}));
  CHECK(owners.ids(1).empty());
}

TEST_CASE("owners: the 65,536th user with mail is nobody, and the others keep theirs") {
  Owners owners;
  for (std::int64_t uid = 1; uid <= 65'535; ++uid) REQUIRE(owners.add(MessageOwner::user(uid), {static_cast<std::uint64_t>(uid)}) != 0);
  CHECK(owners.add(MessageOwner::user(65'536), {65'536}) == 0);
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

TEST_CASE("owners: the spool knows whose share each message uses, and of no other message") {
  queue::Index index;
  index.add(QueueId{1}, MessageOwner::user(33), 1, {});
  index.add(QueueId{2}, MessageOwner(), 1, {});
  CHECK(index.share_owner_of(QueueId{1}) == ShareOwner::user(33));
  CHECK(index.share_owner_of(QueueId{2}) == ShareOwner());
  CHECK(index.share_owner_of(QueueId{3}) == ShareOwner());
}

TEST_CASE("owners: mail that uses a user's share is not his: he sees none of it, and it changes nothing of what is his") {
  Owners owners;
  const auto own = owners.add(MessageOwner::user(1001), {5});
  const auto shared = owners.add(MessageOwner::nobody(ShareOwner::user(1001)), {6});
  CHECK(own != shared);
  CHECK(owners.share(own) == owners.share(shared));
  CHECK_FALSE(owners.owner(shared).is_user());
  CHECK_FALSE(owners.has(1001, {6}));
  CHECK(owners.ids(1001) == std::vector<QueueId>{{5}});
  owners.remove(shared, {6});
  CHECK(owners.has(1001, {5}));
  CHECK(owners.share(own) == ShareOwner::user(1001));
}

TEST_CASE("owners: the number of a share is used again when the last of its messages has gone, and no sooner") {
  Owners owners;
  const auto one = MessageOwner::nobody(ShareOwner::ipv4(1)), other = MessageOwner::nobody(ShareOwner::ipv4(2));
  const auto first = owners.add(one, {1});
  CHECK(owners.add(one, {2}) == first);
  owners.remove(first, {1});
  CHECK(owners.add(other, {3}) != first);
  owners.remove(first, {2});
  CHECK(owners.add(MessageOwner::user(1), {4}) == first);
  CHECK(owners.has(1, {4}));
}

TEST_CASE("owners: however many addresses clients elsewhere have, 32,768 users keep what is theirs") {
  Owners owners;
  for (std::uint32_t address = 1; address <= Owners::kMostShares; ++address)
    REQUIRE(owners.add(MessageOwner::nobody(ShareOwner::ipv4(address)), {address}) != 0);
  CHECK(owners.add(MessageOwner::nobody(ShareOwner::ipv4(0)), {100'000}) == 0);
  for (std::int64_t uid = 0; uid < 32'768; ++uid)
    REQUIRE(owners.add(MessageOwner::user(uid), {200'000 + static_cast<std::uint64_t>(uid)}) != 0);
  CHECK(owners.has(32'767, {232'767}));
}

TEST_CASE("owners: whose share a message uses survives a crash and a checkpoint, and is never taken for whose it is") {
  queue::SpoolFixture fixture;
  REQUIRE(fixture.open());
  const auto user = *fixture.store(by_smtp(1001));
  auto remote = queue::new_message();
  remote.envelope.submitter.share = ShareOwner::ipv6_network(0x20010DB800010002);
  const auto network = *fixture.store(std::move(remote));
  const auto unknown = *fixture.store(queue::new_message());
  for (int round = 0; round < 3; ++round) {
    CHECK(fixture.spool->share_owner_of(user) == ShareOwner::user(1001));
    CHECK(fixture.spool->share_owner_of(network) == ShareOwner::ipv6_network(0x20010DB800010002));
    CHECK(fixture.spool->share_owner_of(unknown) == ShareOwner());
    CHECK_FALSE(fixture.spool->owns(1001, user));
    CHECK(fixture.spool->ids_of(1001).empty());
    CHECK(fixture.spool->load(user)->envelope.submitter.uid == -1);
    REQUIRE((round == 1 ? fixture.open() : fixture.cut()));
    fixture.spool->checkpoint();  // of the journal of the run before
    fixture.commit();
  }
}

TEST_CASE("owners: what a ~/.forward has made of a message is the forwarder's, whoever has sent it") {
  queue::SpoolFixture fixture;
  REQUIRE(fixture.open());
  auto small = message_of(1001), large = message_of(1001, std::string(300'000, 'x')), by_client = by_smtp(1001);
  std::vector<QueueId> ids;
  for (auto* one : {&small, &large, &by_client}) {
    one->envelope.submitter.forwarder = 1002;
    ids.push_back(*fixture.store(std::move(*one)));
  }
  for (int round = 0; round < 3; ++round) {
    for (const QueueId id : ids) {
      CHECK(fixture.spool->share_owner_of(id) == ShareOwner::user(1002));
      CHECK(fixture.spool->owns(1002, id));
      CHECK_FALSE(fixture.spool->owns(1001, id));
      CHECK(fixture.spool->load(id)->envelope.submitter.sending_user() == 1001);
    }
    REQUIRE((round == 1 ? fixture.open() : fixture.cut()));
    fixture.spool->checkpoint();
    fixture.commit();
  }
}

TEST_CASE("owners: mail of earlier runs keeps its share where mail of this run was there before it was read") {
  queue::SpoolFixture fixture;
  REQUIRE(fixture.open());
  const auto first = *fixture.store(by_smtp(1001));
  REQUIRE(fixture.open_unread());
  const auto second = *fixture.store(by_smtp(1002));
  REQUIRE(fixture.spool->recover([](const auto&) {}, [](const auto&) {}));
  CHECK(fixture.spool->share_owner_of(first) == ShareOwner::user(1001));
  CHECK(fixture.spool->share_owner_of(second) == ShareOwner::user(1002));
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
