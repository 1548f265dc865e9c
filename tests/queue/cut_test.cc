// The power is cut at every disk operation of a small day of the spool: nothing that was acknowledged may be lost.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/queue/spool_fixture.h"

namespace mxpress::queue {
namespace {

using Cut = test::ForgetfulDisk::Cut;

// What was acknowledged before the cut.
struct Known {
  std::map<QueueId, std::string> stored;                          // with its content
  std::map<QueueId, std::map<std::uint32_t, RecipientStage>> at;  // stages, as far as acknowledged
  std::set<QueueId> held;
  std::map<QueueId, QueueId> notices;  // failed message: its notice
  // Recipients for whom an end was asked for, acknowledged or not.
  std::map<QueueId, std::set<std::uint32_t>> ended;
  std::map<QueueId, std::size_t> recipients;
};

class Day {
 public:
  Day() {
    f.options.segment_size = 8192;
    f.options.journal_size = 20'000;
    f.options.ended_kept = 100;
  }

  // Every step goes on when an earlier one failed, as the daemon would until it is killed.
  void live() {
    if (!f.open()) return;
    const auto a = store(new_message({"b@example.org", "c@example.net"}, text('a', 3000)));
    const auto b = store(large(text('b', 280'000)));
    settle(a, 0, RecipientStage::pending);
    settle(b, 0, RecipientStage::pending);
    act(ActionKind::hold, b);
    f.spool->record_site({"mx 25", 2, {}, std::nullopt});
    commit();
    const auto c = store(new_message({"d@example.org"}, text('c', 3000)));
    settle(c, 0, RecipientStage::notice_owed);
    commit();
    const auto notice = store(notice_for(c));
    settle(a, 0, RecipientStage::delivered);
    commit();
    fill();
    f.spool->checkpoint();
    commit();
    restart();
    if (!f.spool) return;
    settle(a, 1, RecipientStage::notice_owed);
    settle(b, 0, RecipientStage::delivered);
    commit();
    const auto second = store(notice_for(a, 1));
    settle(notice, 0, RecipientStage::delivered);
    commit();
    fill();
    f.spool->checkpoint();
    restart();
    if (!f.spool) return;
    settle(second, 0, RecipientStage::pending);
    fill();
    f.spool->checkpoint();
    commit();
    f.spool.reset();
  }

  void check() {
    std::string said;
    for (const auto& file : f.disk.files()) said += file + "\n";
    for (const auto& report : f.reports) said += report + "\n";
    INFO(said);
    for (const auto& [id, content] : known.stored) check_message(id, content);
    CHECK(f.spool->counters().corrupt == 0);
    for (const auto& [failed, notice] : known.notices) check_told(failed);
  }

  SpoolFixture f;
  Known known;

 private:
  static std::string text(char c, std::size_t size) { return std::string(size, c) + "\r\n"; }

  NewMessage large(std::string bytes) {
    auto message = new_message({"b@example.org"}, "");
    auto opened = f.spool->open_large();
    if (!opened || !(*opened)->append(bytes)) return message;
    message.large = std::move(*opened);
    large_bytes_ = std::move(bytes);
    return message;
  }

  NewMessage notice_for(QueueId failed, std::uint32_t recipient = 0) {
    auto message = new_message({"a@example.com"}, text('n', 500));
    message.notice_for.push_back({failed, {recipient}, NewMessage::NoticeFor::Kind::failure});
    return message;
  }

  void commit() { f.commit(); }

  QueueId store(NewMessage message) {
    const auto content = message.large ? large_bytes_ : message.content;
    const auto notices = message.notice_for;
    const auto recipients = message.envelope.recipients.size();
    for (const auto& notice : notices) known.ended[notice.message].insert(notice.recipients[0]);
    const auto id = f.store(std::move(message));
    if (!id) return {};
    known.stored[*id] = content;
    known.recipients[*id] = recipients;
    for (const auto& notice : notices) known.notices[notice.message] = *id;
    return *id;
  }

  void settle(QueueId id, std::uint32_t recipient, RecipientStage stage) {
    if (stage == RecipientStage::delivered) known.ended[id].insert(recipient);
    f.spool->settle(settlement(id, recipient, stage), [this, id, recipient, stage](Status s) {
      if (s) known.at[id][recipient] = stage;
    });
  }

  void act(ActionKind action, QueueId id) {
    f.spool->act(action, {id}, [this, id](Status s) {
      if (s) known.held.insert(id);
    });
  }

  void fill() {
    for (int i = 0; i < 8; ++i) {
      const auto id = store(new_message({"e@example.org"}, text('f', 2500)));
      if (i % 4 != 0) settle(id, 0, RecipientStage::delivered);
      commit();
    }
  }

  void restart() {
    if (!f.open()) f.spool.reset();
  }

  void check_message(QueueId id, const std::string& content) {
    const auto message = f.spool->load(id);
    const auto states = known.at.find(id);
    if (!message) {  // its end may have been forgotten, but only its end
      CHECK(known.ended[id].size() == known.recipients.at(id));
      return;
    }
    if (!message->ended) {
      CHECK(read_all(*message->content) == content);
      CHECK(message->content->verify());
    }
    if (known.held.contains(id)) CHECK(message->held);
    if (states == known.at.end()) return;
    for (const auto& [recipient, stage] : states->second) check_stage(message->recipients.at(recipient).stage, stage);
  }

  static void check_stage(RecipientStage is, RecipientStage acknowledged) {
    if (acknowledged == RecipientStage::delivered) CHECK(is == RecipientStage::delivered);
    if (acknowledged == RecipientStage::notice_owed) CHECK((is == RecipientStage::notice_owed || is == RecipientStage::ended));
  }

  // The notice is durable, so nobody may think that it is still owed.
  void check_told(QueueId failed) {
    const auto message = f.spool->load(failed);
    if (!message) return;
    for (const auto& state : message->recipients) CHECK(state.stage != RecipientStage::notice_owed);
  }

  std::string large_bytes_;
};

std::uint64_t operations_of_a_day() {
  Day day;
  day.live();
  return day.f.disk.operations();
}

void cut_everywhere(Cut cut) {
  const auto count = operations_of_a_day();
  REQUIRE(count > 100);
  for (std::uint64_t at = 1; at <= count + 1; ++at) {
    INFO("cut at operation " << at << " of " << count);
    Day day;
    day.f.disk.cut_at(at);
    day.live();
    day.f.spool.reset();
    day.f.disk.restart(cut, at);
    REQUIRE(day.f.open());
    day.check();
    INFO("and at the second recovery");
    // A crash during recovery, or later, must not make a difference either.
    REQUIRE(day.f.cut(cut, at + 1));
    day.check();
  }
}

TEST_CASE("cut: the day itself ends as it should") {
  Day day;
  day.live();
  REQUIRE(day.f.open());
  day.check();
  CHECK(day.known.stored.size() == 29);
  CHECK(day.known.notices.size() == 2);
  CHECK(day.f.sites.size() == 1);
  CHECK(day.f.spool->counters().journal_bytes < 100'000);
}

TEST_CASE("cut: nothing acknowledged is lost when all that was not synced is forgotten") { cut_everywhere(Cut::nothing); }
TEST_CASE("cut: nothing acknowledged is lost when writes are torn") { cut_everywhere(Cut::prefix); }
TEST_CASE("cut: nothing acknowledged is lost when any sectors reach the disk in any order") { cut_everywhere(Cut::subset); }
TEST_CASE("cut: nothing acknowledged is lost when the process is killed") { cut_everywhere(Cut::all); }

// First the process is killed, so that much of what recovery reads is only in the page cache; then the power goes.
TEST_CASE("cut: a kill, then a power loss at any operation of the recovery loses nothing") {
  const auto count = operations_of_a_day();
  for (std::uint64_t killed_at = 30; killed_at <= count; killed_at += 7) {
    for (std::uint64_t later = 1; later <= 28; later += 3) {
      INFO("kill at operation " << killed_at << " of " << count << ", power loss " << later << " operations later");
      Day day;
      day.f.disk.cut_at(killed_at);
      day.live();
      day.f.spool.reset();
      day.f.disk.restart(Cut::kill);
      day.f.disk.cut_at(day.f.disk.operations() + later);
      if (day.f.open()) day.f.commit();
      day.f.spool.reset();
      day.f.disk.restart(Cut::subset, killed_at + later);
      REQUIRE(day.f.open());
      day.check();
    }
  }
}

TEST_CASE("cut: an error at any operation refuses or goes on, and loses nothing") {
  const auto count = operations_of_a_day();
  for (std::uint64_t at = 1; at <= count; ++at) {
    INFO("error at operation " << at << " of " << count);
    Day day;
    day.f.disk.fail_after(at, "Input/output error");
    day.live();
    day.f.spool.reset();
    day.f.disk.restart(Cut::nothing);
    REQUIRE(day.f.open());
    day.check();
  }
}

}  // namespace
}  // namespace mxpress::queue
