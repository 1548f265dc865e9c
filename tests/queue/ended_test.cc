// The spool's memory of ended messages.
#include <malloc.h>

#include <catch2/catch.hpp>
#include <map>

#include "queue/index.h"
#include "tests/queue/spool_fixture.h"

using namespace mxpress;
using namespace mxpress::queue;

namespace {

struct Ended : SpoolFixture {
  WallTime now{Duration(5000)};
  Ended() {
    options.wall = [this] { return now; };
    REQUIRE(open());
  }
  QueueId end(std::int64_t uid, std::vector<std::string> recipients = {"b@example.org"}) {
    now += std::chrono::seconds(1);
    NewMessage message = new_message(recipients);
    message.envelope.submitter.uid = uid;
    const QueueId id = store(std::move(message)).value();
    for (std::uint32_t i = 0; i < recipients.size(); ++i) spool->settle(settlement(id, i, RecipientStage::delivered), nullptr);
    commit();
    return id;
  }
};

using Ids = std::vector<QueueId>;

std::shared_ptr<const Message> large_message(std::size_t recipients) {
  auto message = std::make_shared<Message>();
  for (std::size_t i = 0; i < recipients; ++i)
    message->envelope.recipients.push_back({mailbox("user" + std::to_string(i) + "@example.org"), {}, {}});
  message->recipients.resize(recipients);
  return message;
}

}  // namespace

TEST_CASE("spool: what has ended is told the latest first, and to a user what is his") {
  Ended world;
  const QueueId one = world.end(1001), two = world.end(1002), three = world.end(1001);
  const QueueId waits = world.store(new_message()).value();
  CHECK(world.spool->ended() == Ids{three, two, one});
  CHECK(world.spool->ended_of(1001) == Ids{three, one});
  CHECK(world.spool->ended_of(1002) == Ids{two});
  CHECK(world.spool->ended_of(-1).empty());
  CHECK(world.spool->ids(false) == Ids{waits});
}

TEST_CASE("spool: over a restart and a loss of power, what has ended is told in the same order, with its outcome") {
  Ended world;
  const QueueId one = world.end(1001), two = world.end(1002), three = world.end(1001);
  REQUIRE(world.open());
  CHECK(world.spool->ended() == Ids{three, two, one});
  REQUIRE(world.cut());
  CHECK(world.spool->ended() == Ids{three, two, one});
  CHECK(world.spool->ended_of(1001) == Ids{three, one});
  const Message message = world.spool->load(two).value();
  CHECK(message.recipients[0].stage == RecipientStage::delivered);
  CHECK(message.recipients[0].last->text == "250 ok");
}

TEST_CASE("spool: beyond ended_kept the oldest is forgotten, also of a user's own") {
  Ended world;
  world.options.ended_kept = 2;
  REQUIRE(world.open());
  world.end(1001);
  const QueueId two = world.end(1001), three = world.end(1002);
  CHECK(world.spool->ended() == Ids{three, two});
  CHECK(world.spool->ended_of(1001) == Ids{two});
}

TEST_CASE("spool: beyond ended_kept the mail of a user with little of it is not forgotten for another's") {
  Ended world;
  world.options.ended_kept = 6;
  REQUIRE(world.open());
  const QueueId cron = world.end(0), mine = world.end(1001);
  Ids flood;
  for (int i = 0; i < 50; ++i) flood.push_back(world.end(33));
  CHECK(world.spool->ended() == Ids{flood[49], flood[48], flood[47], flood[46], mine, cron});
  CHECK(world.spool->load(cron).value().recipients[0].last->text == "250 ok");
  CHECK_FALSE(world.spool->load(flood[0]));
  const QueueId later = world.end(1001), last = world.end(1001);
  CHECK(world.spool->ended_of(33) == Ids{flood[49], flood[48]});
  CHECK(world.spool->ended_of(1001) == Ids{last, later, mine});
  CHECK(world.spool->ended_of(0) == Ids{cron});
}

TEST_CASE("ended messages: the one to forget is the oldest of owners with an equal share at least") {
  std::map<std::uint64_t, Owners::Number> owners;
  EndedMessages ended;
  std::uint64_t last = 0;
  const auto add = [&](Owners::Number owner, int count) {
    for (; count > 0; --count) ended.add({++last}, owners[last] = owner);
  };
  const auto take = [&] { return owners[ended.take_next([&](QueueId id) { return owners.at(id.value); }).value]; };
  add(1, 3);
  add(2, 10);
  add(3, 2);
  for (int i = 0; i < 6; ++i) CHECK(take() == 2);
  add(3, 5);  // 3, 4 and 7 are left
  CHECK(take() == 3);
  CHECK(take() == 3);
  for (int left = static_cast<int>(ended.size()); left > 0; --left) take();
  CHECK(ended.size() == 0);
  CHECK(ended.ids().empty());
}

TEST_CASE("index: what is remembered of ended messages is bounded in octets, and large ones make way first") {
  Index index;
  const auto remember = [&](std::uint64_t id, std::size_t recipients, std::uint64_t most) {
    Entry& entry = index.add({id}, MessageOwner::user(1001), 1, {});
    index.end({id}, entry, WallTime(Duration(static_cast<std::int64_t>(id))));
    index.remember({id}, entry, large_message(recipients), most);
  };
  remember(1, 1, 1 << 20);
  const std::uint64_t small = index.remembered_octets();
  CHECK(small > 200);
  CHECK(small < 2000);
  remember(2, 1000, 1 << 20);
  const std::uint64_t large = index.remembered_octets() - small;
  CHECK(large > 100'000);
  remember(3, 1, 1 << 20);
  remember(4, 1000, 2 * large + small);  // one of the large ones has to go: the older
  CHECK(index.find({2}) == nullptr);
  CHECK(index.find({1}) != nullptr);
  CHECK(index.ended.ids() == Ids{{1}, {3}, {4}});
  CHECK(index.remembered_octets() == large + 2 * small);
  remember(5, 1000, large / 2);  // does not fit at all, so no large one does
  CHECK(index.ended.ids() == Ids{{1}, {3}});
  remember(6, 1, 2 * small);
  CHECK(index.ended.ids() == Ids{{3}, {6}});
  CHECK(index.ended_of(1001) == Ids{{6}, {3}});
  index.forget(0);
  CHECK(index.remembered_octets() == 0);
}

// A usual message: one recipient, delivered at the first attempt.
std::shared_ptr<const Message> usual_message(int number) {
  auto message = std::make_shared<Message>();
  message->envelope.reverse_path = proto::ReversePath(mailbox("www-data@web1.here.example"));
  message->envelope.recipients.push_back({mailbox("somebody.with.a.name" + std::to_string(number) + "@mail.there.example"), {}, {}});
  message->envelope.submitter.entrance = "sendmail";
  message->envelope.submitter.program = "php-fpm8.2";
  message->envelope.submitter.unit = "php8.2-fpm.service";
  message->recipients.resize(1);
  proto::HostResult result{};
  result.host = "mx1.mail.there.example";
  result.address = "192.0.2.101:25";
  result.tls = "TLSv1.3/TLS_AES_256_GCM_SHA384 (unverified)";
  result.text = "250 2.0.0 Ok: queued as 4fzYQx3k2Cz9sTq";
  message->recipients[0].last = result;
  message->attempts.push_back({{}, {0}, {{result, {}, {}, {}, false}}});
  return message;
}

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)  // their memory is not malloc's
TEST_CASE("index: an ended message takes little memory, and about what is counted once it is remembered") {
  constexpr int kCount = 10'000;
  const std::size_t before = ::mallinfo2().uordblks;
  Index index;
  for (int i = 1; i <= kCount; ++i) {
    Entry& entry = index.add({static_cast<std::uint64_t>(i)}, MessageOwner::user(1001), 1, {});
    entry.set_accepted({1, static_cast<std::uint32_t>(i)});
    index.add_later({static_cast<std::uint64_t>(i)}, entry, {1, static_cast<std::uint32_t>(i)});
    index.end({static_cast<std::uint64_t>(i)}, entry, {});
  }
  const std::size_t in_journal = ::mallinfo2().uordblks - before;
  CHECK(in_journal / kCount < 320);
  for (int i = 1; i <= kCount; ++i) {
    Entry& entry = *index.find({static_cast<std::uint64_t>(i)});
    entry.history().later = {};
    entry.set_accepted({});
    index.remember({static_cast<std::uint64_t>(i)}, entry, usual_message(i), 32 << 20);
  }
  const std::size_t remembered = ::mallinfo2().uordblks - before;
  CHECK(index.ended.size() == kCount);
  CHECK(remembered / kCount < 2500);
  CHECK(index.remembered_octets() > remembered * 8 / 10);
  CHECK(index.remembered_octets() < remembered * 12 / 10);
  UNSCOPED_INFO("octets each: " << in_journal / kCount << " in the journal, " << remembered / kCount << " remembered, counted "
                                << index.remembered_octets() / kCount);
  CHECK(remembered < 32 << 20);
}
#endif

TEST_CASE("index: a change of a remembered message is counted again") {
  Index index;
  Entry& entry = index.add({1}, MessageOwner::user(0), 1, {});
  index.end({1}, entry, {});
  index.remember({1}, entry, large_message(10), 1 << 20);
  const std::uint64_t before = index.remembered_octets();
  index.remember({1}, entry, large_message(20), 1 << 20);
  CHECK(index.remembered_octets() > before);
  index.remember({1}, entry, large_message(10), 1 << 20);
  CHECK(index.remembered_octets() == before);
  CHECK(index.ended.ids() == Ids{{1}});
}

TEST_CASE("spool: ended messages whose records are gone are still told, within the octets for them") {
  Ended world;
  world.options.segment_size = 64 * 1024;
  world.options.journal_size = 1;
  world.options.ended_octets = 4096;
  REQUIRE(world.open());
  Ids all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(world.end(1001));
    world.spool->checkpoint();
  }
  const Ids told = world.spool->ended();
  CHECK(told.size() < 20);
  REQUIRE(told.size() >= 2);
  CHECK(told.front() == all.back());
  CHECK(world.spool->ended_of(1001) == told);
  for (const QueueId id : told) CHECK(world.spool->load(id).value().recipients[0].stage == RecipientStage::delivered);
  CHECK_FALSE(world.spool->load(all.front()));
  CHECK(world.spool->counters().messages == 0);
}
