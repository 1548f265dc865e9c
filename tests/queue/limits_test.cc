// Records too large to be read are refused before they are written, and records that must be written are never too large.
#include <catch2/catch.hpp>

#include "queue/codec.h"
#include "queue/message_file.h"
#include "tests/queue/spool_fixture.h"

namespace mxpress::queue {
namespace {

constexpr std::uint32_t kRecipients = 100'000;  // the most that can be configured

// With an envelope of this many octets in its record.
NewMessage largest(std::size_t octets) {
  auto message = new_message();
  const proto::Recipient each{mailbox(std::string(300, 'l') + "@example.org"), {}, "rfc822;" + std::string(200, 'o')};
  message.envelope.recipients.assign(kRecipients, each);
  auto& last = message.envelope.recipients.back().original_recipient;
  last.assign(5'000'000, 'o');
  const auto size = encode(Accepted{message.envelope, "", {}, Duration(1)}).size();
  REQUIRE(size < octets);
  last.append(octets - size, 'o');
  return message;
}

Settlement all_refused(QueueId id, std::size_t octets) {
  Settlement out{id, {WallTime(Duration(2000)), {}, {}}, {}};
  const auto one = settlement(id, 0, RecipientStage::notice_pending, std::string(octets, 't')).changes[0].state;
  for (std::uint32_t i = 0; i < kRecipients; ++i) {
    out.attempt.recipients.push_back(i);
    out.changes.push_back({i, one});
    out.changes.back().state.last->host = std::string(255, 'h');
  }
  return out;
}

std::size_t count_refused(const Message& message, std::size_t octets) {
  std::size_t count = 0;
  for (const auto& state : message.recipients)
    count += state.stage == RecipientStage::notice_pending && state.last && state.last->text.size() == octets;
  return count;
}

TEST_CASE("limits: the largest envelope is stored and found again; one octet more is an error, and nothing is written") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto before = f.disk.operations();
  const auto refused = f.store(largest(kMaxMeta + 1));
  REQUIRE_FALSE(refused);
  CHECK_FALSE(refused.error().is_transient());
  CHECK(f.disk.operations() == before);
  REQUIRE(f.store(largest(kMaxMeta)));
  REQUIRE(f.open());
  REQUIRE(f.found.size() == 1);
  CHECK(f.found[0].recipients.size() == kRecipients);
  CHECK(f.reports.empty());
}

TEST_CASE("limits: what became of a hundred thousand recipients is recorded, recovered, and kept by a checkpoint") {
  SpoolFixture f;
  f.options.journal_size = 1;
  REQUIRE(f.open());
  const auto id = f.store(new_message(std::vector<std::string>(kRecipients, "b@example.org"))).value();
  int answers = 0;
  f.spool->settle(all_refused(id, 500), [&](const Status& status) { answers += status.ok(); });
  CHECK(count_refused(f.spool->load(id).value(), 500) == kRecipients);
  f.commit();
  CHECK(answers == 1);
  REQUIRE(f.open());
  REQUIRE(f.found.size() == 1);
  CHECK(count_refused(f.found[0], 500) == kRecipients);
  REQUIRE(f.found[0].attempts.size() == 1);
  CHECK(f.found[0].attempts[0].recipients.size() == kRecipients);
  f.found.clear();
  REQUIRE(f.store(new_message()));
  for (int i = 0; i < 5; ++i) f.spool->checkpoint();
  CHECK(f.spool->counters().journal_bytes < 1'000'000);
  CHECK(count_refused(f.spool->load(id).value(), 500) == kRecipients);
  CHECK(f.spool->counters().corrupt == 0);
  CHECK(f.reports.empty());
}

TEST_CASE("limits: a reply that is too large for a record is cut, and its recipient's state is recorded") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto id = f.store(new_message()).value();
  f.spool->settle(settlement(id, 0, RecipientStage::notice_pending, std::string(kMaxMeta + 1, 't')), nullptr);
  f.commit();
  REQUIRE(f.open());
  REQUIRE(f.found.size() == 1);
  CHECK(f.found[0].recipients[0].stage == RecipientStage::notice_pending);
  CHECK(f.found[0].recipients[0].last->text.size() == 1u << 20);
}

TEST_CASE("limits: the parts of an attempt hold each change once, in order, and only the first tells of the attempt") {
  auto whole = settlement(QueueId{1}, 0, RecipientStage::pending, "451 later");
  for (std::uint32_t i = 1; i < 1000; ++i) whole.changes.push_back({i, whole.changes[0].state});
  const auto parts = split(whole, 10'000);
  CHECK(parts.size() > 10);
  std::uint32_t next = 0;
  for (const auto& part : parts) {
    CHECK(encode(StateChange(part)).size() <= 10'200);
    CHECK(part.attempt.recipients.empty() == (&part != &parts.front()));
    for (const auto& change : part.changes) CHECK(change.recipient == next++);
  }
  CHECK(next == 1000);
  CHECK(split({QueueId{1}, {}, {}}).size() == 1);
}

TEST_CASE("limits: states that no reader would look at are an error of the message file, before a state is written") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto id = f.store(new_message()).value();
  auto writer = MessageFileWriter::create(f.disk, Paths{"/spool"}, "1-1000.part", 1);
  REQUIRE(writer);
  const auto meta = encode(Accepted{new_message().envelope, "", {}, Duration(1)});
  const std::vector<StoredChange> one{{1, settlement(id, 0, RecipientStage::pending, std::string(kMaxMeta, 't'))}};
  std::vector<StoredChange> many(5, {1, settlement(id, 0, RecipientStage::pending, std::string(30u << 20, 't'))});
  const auto before = f.disk.operations();
  CHECK_FALSE((*writer)->finish(id, meta, one));
  CHECK_FALSE((*writer)->finish(id, meta, many));
  CHECK(f.disk.operations() == before);
  shorten_words(many);
  CHECK((*writer)->finish(id, meta, many));
}

}  // namespace
}  // namespace mxpress::queue
