// Shortening of a message's many states: fewer, with the same meaning.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "queue/message_file.h"
#include "queue/state.h"
#include "tests/queue/spool_fixture.h"

using namespace mxpress;
using namespace mxpress::queue;

namespace {

constexpr std::size_t kRecipients = 4;

Message message_after(const std::vector<StoredChange>& changes) {
  Message message{.id = QueueId{1}, .envelope = new_message().envelope, .held = false, .recipients = {}, .attempts = {}, .content = {}};
  message.recipients.resize(kRecipients);
  for (const auto& stored : changes) apply_change(message, stored.change);
  return message;
}

// Everything that a message shows about its states, as text.
std::string story(const Message& message) {
  std::string text = message.held ? "held" : "";
  for (const auto& state : message.recipients)
    text += "\n" + std::to_string(static_cast<int>(state.stage)) + " " + std::to_string(state.attempts) + " " +
            std::to_string(state.next_try.time_since_epoch().count()) + (state.delay_notice_sent ? " told " : " ") +
            (state.last ? state.last->text : "");
  for (const auto& attempt : message.attempts)
    text += "\nattempt " + std::to_string(attempt.time.time_since_epoch().count()) + " " + std::to_string(attempt.recipients.size());
  return text;
}

StateChange any_change(std::mt19937_64& random, int number) {
  const auto pick = [&](std::size_t below) { return static_cast<std::uint32_t>(random() % below); };
  if (pick(20) == 0) return ActionTaken{pick(2) == 0 ? ActionKind::hold : ActionKind::retry, WallTime{}};
  if (pick(30) == 0) return ActionTaken{pick(2) == 0 ? ActionKind::bounce : ActionKind::remove, WallTime{}};
  if (pick(20) == 0) return Told{{pick(kRecipients)}, NewMessage::NoticeFor::Kind::delay, WallTime{}};
  const auto stage = pick(50) == 0 ? RecipientStage::notice_pending : pick(50) == 0 ? RecipientStage::delivered : RecipientStage::pending;
  Settlement change = settlement(QueueId{1}, pick(kRecipients), stage, "reply " + std::to_string(number));
  change.attempt.time = WallTime(Duration(number));
  change.changes[0].state.attempts = static_cast<std::uint32_t>(number);
  change.changes[0].state.next_try = WallTime(Duration(number + 100));
  change.changes[0].state.delay_notice_sent = pick(10) == 0;
  return change;
}

}  // namespace

TEST_CASE("states: what is left out of many changes is not missed") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<StoredChange> changes;
    for (int i = 1; i <= 150; ++i) changes.push_back({static_cast<std::uint32_t>(i), any_change(random, i)});
    const std::string before = story(message_after(changes));
    const auto newest = changes.back().sequence;
    shorten(changes);
    REQUIRE(story(message_after(changes)) == before);
    REQUIRE(changes.back().sequence == newest);
  }
}

TEST_CASE("checkpoint: a message that is deferred forever keeps a file of bounded size, and all that it shows") {
  SpoolFixture f;
  f.options.journal_size = 1;
  f.options.longest_states = 32 * 1024;
  REQUIRE(f.open());
  const auto id = f.store(new_message({"b@example.org", "c@example.net"}));
  std::size_t longest = 0;
  for (int i = 1; i <= 400; ++i) {
    f.spool->settle(settlement(*id, static_cast<std::uint32_t>(i % 2), RecipientStage::pending, std::string(900, 'x') + std::to_string(i)),
                    nullptr);
    f.commit();
    if (i % 10 != 0) continue;
    REQUIRE(f.cut());
    REQUIRE(f.store(new_message()));
    f.spool->checkpoint();
    const std::string path = Paths{"/spool"}.file(*id).string();
    const auto files = f.disk.files();
    if (std::find(files.begin(), files.end(), path) != files.end()) longest = std::max(longest, f.disk.content(path).size());
  }
  CHECK(longest > 20'000);
  CHECK(longest < 60'000);
  const auto message = f.spool->load(*id);
  REQUIRE(message);
  CHECK(message->attempts.size() == 50);
  CHECK(message->recipients[0].last->text.ends_with("x400"));
  CHECK(message->recipients[1].last->text.ends_with("x399"));
}
