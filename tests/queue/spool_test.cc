// The spool's guarantees to intake and delivery.
#include <algorithm>
#include <catch2/catch.hpp>

#include "queue/fresh.h"
#include "tests/queue/spool_fixture.h"

namespace mxpress::queue {
namespace {

std::string of_size(std::size_t size) {
  std::string out(size, 'x');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + i * 7 % 26);
  return out;
}

std::unique_ptr<LargeContent> large_content(MessageStore& spool, const std::string& bytes) {
  auto large = std::move(spool.open_large()).value();
  REQUIRE(large->append(bytes.substr(0, 1000)));
  REQUIRE(large->append(bytes.substr(1000)));
  return large;
}

NewMessage large_message(MessageStore& spool, const std::string& bytes) {
  auto message = new_message({"b@example.org"}, "");
  message.large = large_content(spool, bytes);
  return message;
}

TEST_CASE("spool: what was acknowledged is there after a loss of power, octet for octet") {
  SpoolFixture f;
  REQUIRE(f.open());
  auto sent = new_message({"b@example.org", "\"odd user\"@example.net"}, of_size(5000));
  sent.envelope.recipients[0].notify = {true, true, false, true};
  sent.envelope.recipients[0].original_recipient = "rfc822;b+40example.org";
  sent.envelope.envid = "id+20x";
  sent.envelope.tls = proto::TlsWish::require;
  sent.envelope.submitter.program = "php\xff";
  const auto id = f.store(std::move(sent));
  REQUIRE(id);
  REQUIRE(f.cut());
  REQUIRE(f.found.size() == 1);
  const auto& message = f.found[0];
  CHECK(message.id == *id);
  CHECK(message.envelope.recipients[1].mailbox.to_string() == "\"odd user\"@example.net");
  CHECK(message.envelope.recipients[0].notify.delay);
  CHECK_FALSE(message.envelope.recipients[0].notify.failure);
  CHECK_FALSE(message.envelope.recipients[1].notify.given);
  CHECK(message.envelope.envid == "id+20x");
  CHECK(message.envelope.tls == proto::TlsWish::require);
  CHECK(message.envelope.submitter.program == "php\xff");
  CHECK(message.recipients.size() == 2);
  CHECK(message.recipients[0].stage == RecipientStage::pending);
  CHECK(read_all(*message.content) == of_size(5000));
  CHECK(message.content->verify());
}

TEST_CASE("spool: large content is streamed into its own file and survives a loss of power") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto bytes = of_size(1'000'000);
  const auto id = f.store(large_message(*f.spool, bytes));
  REQUIRE(id);
  CHECK(read_all(*f.spool->load(*id)->content) == bytes);
  REQUIRE(f.cut());
  REQUIRE(f.found.size() == 1);
  CHECK(read_all(*f.found[0].content) == bytes);
  CHECK(f.found[0].content->verify());
}

TEST_CASE("spool: large content that is not stored leaves no file") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto before = f.disk.files();
  {
    const auto large = large_content(*f.spool, of_size(300'000));
    CHECK(large->size() == 300'000);
    CHECK(f.disk.files() != before);
  }
  CHECK(f.disk.files() == before);
}

TEST_CASE("spool: a settlement is seen by load() at once, and after a loss of power") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto id = f.store(new_message({"b@example.org", "c@example.net"}));
  auto deferred = settlement(*id, 0, RecipientStage::pending, "451 later");
  deferred.changes[0].state.next_try = WallTime(Duration(777));
  f.spool->settle(deferred, nullptr);
  CHECK(f.spool->load(*id)->recipients[0].next_try == WallTime(Duration(777)));
  bool synced = false;
  f.spool->settle(settlement(*id, 1, RecipientStage::delivered), [&](Status s) { synced = s.ok(); });
  CHECK_FALSE(synced);
  f.commit();
  CHECK(synced);
  REQUIRE(f.cut());
  REQUIRE(f.found.size() == 1);
  CHECK(f.found[0].recipients[0].last->text == "451 later");
  CHECK(f.found[0].recipients[0].next_try == WallTime(Duration(777)));
  CHECK(f.found[0].recipients[1].stage == RecipientStage::delivered);
  CHECK(f.found[0].attempts.size() == 2);
}

TEST_CASE("spool: a message with nothing pending and nothing owed has ended, and is still shown") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto id = f.store(new_message());
  const auto content = f.spool->load(*id)->content;
  f.spool->settle(settlement(*id, 0, RecipientStage::delivered), nullptr);
  f.commit();
  CHECK(f.spool->ids(false).empty());
  CHECK(f.spool->ids(true) == std::vector<QueueId>{*id});
  const auto message = f.spool->load(*id);
  REQUIRE(message);
  CHECK(message->ended);
  CHECK(message->ended_at == WallTime(Duration(5000)));
  CHECK(message->content == nullptr);
  CHECK(message->recipients[0].last->text == "250 ok");
  CHECK(content->verify());
  REQUIRE(f.cut());
  CHECK(f.found.empty());
  CHECK(f.spool->load(*id)->ended);
  CHECK(f.spool->counters().messages == 0);
}

TEST_CASE("spool: the file of a large message is gone when the message has ended") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto before = f.disk.files().size();
  const auto id = f.store(large_message(*f.spool, of_size(400'000)));
  CHECK(f.disk.files().size() == before + 2);  // and a segment
  f.spool->settle(settlement(*id, 0, RecipientStage::delivered), nullptr);
  f.commit();
  CHECK(f.disk.files().size() == before + 1);
  CHECK(f.spool->load(*id)->ended);
}

TEST_CASE("spool: storing the notice ends what it tells, in one step") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto id = f.store(new_message());
  f.spool->settle(settlement(*id, 0, RecipientStage::notice_pending, "550 no"), nullptr);
  f.commit();
  REQUIRE(f.cut());
  REQUIRE(f.found.size() == 1);
  CHECK(f.found[0].recipients[0].stage == RecipientStage::notice_pending);
  auto notice = new_message({"a@example.com"}, "notice");
  notice.notice_for.push_back({*id, {0}, NewMessage::NoticeFor::Kind::failure});
  const auto notice_id = f.store(std::move(notice));
  CHECK(f.spool->load(*id)->recipients[0].stage == RecipientStage::ended);
  REQUIRE(f.cut());
  REQUIRE(f.found.size() == 1);
  CHECK(f.found[0].id == *notice_id);
  CHECK(f.spool->load(*id)->ended);
}

TEST_CASE("spool: actions change what they say and nothing else") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto a = f.store(new_message({"b@example.org", "c@example.net"}));
  const auto b = f.store(new_message());
  auto deferred = settlement(*a, 0, RecipientStage::pending);
  deferred.changes[0].state.next_try = WallTime(Duration(99999));
  f.spool->settle(deferred, nullptr);
  int answers = 0;
  const auto answered = [&](Status s) { answers += s.ok(); };
  f.spool->act(ActionKind::hold, {*a, *b}, answered);
  f.commit();
  CHECK(answers == 1);
  CHECK(f.spool->load(*a)->held);
  f.spool->act(ActionKind::release, {*b}, answered);
  f.spool->act(ActionKind::retry, {*a}, answered);
  CHECK_FALSE(f.spool->load(*b)->held);
  CHECK(f.spool->load(*a)->recipients[0].next_try == kRetryWanted);
  f.spool->act(ActionKind::bounce, {*a}, answered);
  f.spool->act(ActionKind::remove, {*b}, answered);
  f.commit();
  CHECK(answers == 5);
  REQUIRE(f.cut());
  REQUIRE(f.found.size() == 1);
  CHECK(f.found[0].held);
  CHECK(f.found[0].recipients[1].stage == RecipientStage::notice_pending);
  CHECK(f.found[0].recipients[1].last->status == proto::EnhancedStatus{5, 0, 0});
  CHECK(f.spool->load(*b)->recipients[0].stage == RecipientStage::removed);
}

TEST_CASE("spool: a late result does not bring back what the operator removed, but a delivery is told") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto id = f.store(new_message({"b@example.org", "c@example.net", "d@example.net"}));
  f.spool->act(ActionKind::remove, {*id}, nullptr);
  f.spool->settle(settlement(*id, 0, RecipientStage::pending, "451"), nullptr);
  f.spool->settle(settlement(*id, 1, RecipientStage::delivered), nullptr);
  f.spool->settle(settlement(*id, 2, RecipientStage::notice_pending, "550"), nullptr);
  f.commit();
  const auto message = f.spool->load(*id);
  REQUIRE(message);
  CHECK(message->ended);
  CHECK(message->recipients[0].stage == RecipientStage::removed);
  CHECK(message->recipients[1].stage == RecipientStage::delivered);
  CHECK(message->recipients[2].stage == RecipientStage::removed);
}

TEST_CASE("spool: a change of an unknown message is answered with a permanent error") {
  SpoolFixture f;
  REQUIRE(f.open());
  std::optional<Status> status;
  f.spool->settle(settlement(QueueId{42}, 0, RecipientStage::delivered), [&](Status s) { status = s; });
  f.commit();
  REQUIRE(status);
  CHECK_FALSE(status->error().is_transient());
  CHECK_FALSE(f.spool->load(QueueId{42}));
}

TEST_CASE("spool: a drop file that was stored is not stored again, not even after a crash") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto drop = [] {
    auto message = new_message();
    message.drop_name = "0123abcd";
    return message;
  };
  const auto first = f.store(drop());
  CHECK(*f.store(drop()) == *first);
  REQUIRE(f.cut());
  CHECK(*f.store(drop()) == *first);
  f.spool->settle(settlement(*first, 0, RecipientStage::delivered), nullptr);
  f.commit();
  REQUIRE(f.cut());
  CHECK(*f.store(drop()) == *first);
  CHECK(f.spool->counters().stored == 0);
}

TEST_CASE("spool: ids never repeat, even when the counter of starts is lost") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto first = f.store(new_message());
  REQUIRE(f.cut());
  const auto second = f.store(new_message());
  CHECK(*second > *first);
  f.disk.replace("/spool/start", "rubbish");
  REQUIRE(f.cut());
  CHECK(f.spool->next_id() > *second);
}

TEST_CASE("spool: a second daemon is refused, and told who has it") {
  SpoolFixture f, g;
  REQUIRE(f.open());
  const auto second = SteppedSpool::open(f.disk, f.options);
  REQUIRE_FALSE(second);
  CHECK_THAT(second.error().message, Catch::Contains("in use by process"));
}

TEST_CASE("spool: a newer format stops the start with nothing written") {
  SpoolFixture f;
  REQUIRE(f.open());
  f.spool.reset();
  f.disk.replace("/spool/format", "mxpress spool 2\n");
  const auto before = f.disk.operations();
  const auto opened = f.open();
  REQUIRE_FALSE(opened);
  CHECK_FALSE(opened.error().is_transient());
  CHECK_THAT(opened.error().message, Catch::Contains("newer"));
  CHECK(f.disk.operations() == before);
}

TEST_CASE("spool: a segment whose name is taken costs one batch, not the journal") {
  SpoolFixture f;
  REQUIRE(f.open());
  REQUIRE(f.store(new_message({"b@example.org"}, of_size(40'000))));
  f.disk.replace("/spool/journal/0000000002.log", "");
  CHECK_FALSE(f.store(new_message({"b@example.org"}, of_size(40'000))));
  CHECK(f.store(new_message({"b@example.org"}, of_size(40'000))));
}

TEST_CASE("spool: a message is at hand as it came until something is recorded about it") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto id = f.store(new_message());
  REQUIRE(id);
  const auto fresh = f.spool->fresh(*id);
  REQUIRE(fresh);
  const auto read = f.spool->load(*id);
  REQUIRE(read);
  CHECK(fresh->envelope.recipients.size() == read->envelope.recipients.size());
  CHECK(fresh->envelope.reverse_path.to_string() == read->envelope.reverse_path.to_string());
  CHECK(fresh->recipients.size() == read->recipients.size());
  CHECK(fresh->accepted_at == read->accepted_at);
  CHECK(read_all(*fresh->content) == read_all(*read->content));
  SECTION("an outcome") { f.spool->settle(settlement(*id, 0, RecipientStage::pending), nullptr); }
  SECTION("an action") { f.spool->act(ActionKind::hold, {*id}, nullptr); }
  CHECK_FALSE(f.spool->fresh(*id));
}

TEST_CASE("spool: a large message is never at hand, its content is in its file") {
  SpoolFixture f;
  REQUIRE(f.open());
  const std::string bytes = of_size(300'000);
  const auto id = f.store(large_message(*f.spool, bytes));
  REQUIRE(id);
  CHECK_FALSE(f.spool->fresh(*id));
  CHECK(read_all(*f.spool->load(*id)->content) == bytes);
}

TEST_CASE("fresh messages: the oldest go when there is no more room, and what is forgotten takes none") {
  FreshMessages messages(100'000);
  const auto make = [](std::uint64_t number) {
    auto message = std::make_shared<Message>();
    message->id = QueueId{number};
    message->content = std::make_shared<MemoryContent>(std::string(29'000, 'x'));
    return message;
  };
  for (std::uint64_t i = 1; i <= 3; ++i) messages.add(make(i));
  messages.forget(QueueId{2});
  messages.add(make(4));
  CHECK(messages.find(QueueId{1}));
  messages.add(make(5));
  CHECK_FALSE(messages.find(QueueId{1}));
  for (const std::uint64_t i : {3, 4, 5}) CHECK(messages.find(QueueId{i}));
}

TEST_CASE("spool: who asks for room before a message comes hears of the last look at the disk, what stores looks itself") {
  Duration now(1000);  // must outlive the spool, which uses it until the end
  SpoolFixture f;
  f.options.room_stays_known = std::chrono::milliseconds(100);
  f.options.since_boot = [&now] { return now; };
  REQUIRE(f.open());
  f.disk.set_room({10u << 20, 5000});
  CHECK_FALSE(f.spool->room_for(1000));
  f.disk.set_room({100u << 20, 5000});
  CHECK(f.spool->room_for(1000));  // a refusal comes from a new look
  f.disk.set_room({10u << 20, 5000});
  CHECK(f.spool->room_for(1000));
  CHECK_FALSE(f.store(new_message()));
  CHECK_FALSE(f.spool->open_large());
  CHECK_FALSE(f.spool->room_for(1000));  // the look made for storing counts
  f.disk.set_room({100u << 20, 5000});
  CHECK(f.spool->room_for(1000));
  f.disk.set_room({10u << 20, 5000});
  now += std::chrono::milliseconds(100);
  CHECK_FALSE(f.spool->room_for(1000));
}

// A disk whose free octets decrease with everything written.
struct SmallDisk : test::ForgetfulDisk {
  explicit SmallDisk(std::uint64_t size) : free(size) {}
  Result<Room> room(const Path&) override { return Room{free > octets_written() ? free - octets_written() : 0, std::nullopt}; }
  const std::uint64_t free;
};

TEST_CASE("spool: however many large letters are under way, the reserve stays free and small letters are taken") {
  SmallDisk disk(8u << 20);
  SpoolFixture f;
  f.options.reserve_bytes = 1u << 20;
  f.options.segment_size = 256 * 1024;
  f.spool = std::move(SteppedSpool::open(disk, f.options)).value();
  REQUIRE(f.spool->recover([](const Message&) {}, [](const SiteRecord&) {}));
  std::vector<std::unique_ptr<LargeContent>> letters;
  std::size_t refused = 0;
  const std::string piece(50'000, 'x');
  for (int letter = 0; letter < 30; ++letter)
    if (auto opened = f.spool->open_large()) letters.push_back(std::move(*opened));
  for (int round = 0; round < 40; ++round)
    for (const auto& letter : letters) refused += letter->append(piece).ok() ? 0 : 1;
  CHECK(refused > 0);
  CHECK(disk.room("/spool")->bytes >= f.options.reserve_bytes);
  CHECK(f.store(new_message()));
  CHECK_FALSE(f.spool->open_large());
}

TEST_CASE("spool: a full disk refuses messages with figures, and still takes outcomes") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto id = f.store(new_message());
  f.disk.set_room({10u << 20, 5000});
  const auto refused = f.store(new_message());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().is_transient());
  CHECK_THAT(refused.error().message, Catch::Contains("/spool") && Catch::Contains("10 MiB free") && Catch::Contains("33 MiB needed"));
  CHECK_FALSE(f.spool->room_for(1));
  CHECK_FALSE(f.spool->open_large());
  f.disk.set_room({1u << 30, 10});
  CHECK_THAT(f.spool->room_for(1).error().message, Catch::Contains("10 inodes free"));
  Status status = Error::permanent("not answered");
  f.spool->settle(settlement(*id, 0, RecipientStage::delivered), [&](Status s) { status = s; });
  f.commit();
  CHECK(status.ok());
  f.disk.set_room({1u << 30, std::nullopt});
  CHECK(f.store(new_message()));
}

TEST_CASE("spool: messages of a batch that could not be synced are refused, outcomes go into a fresh segment") {
  for (const int step : {1, 2}) {  // the write, the sync
    SpoolFixture f;
    REQUIRE(f.open());
    const auto id = f.store(new_message());
    f.spool->settle(settlement(*id, 0, RecipientStage::delivered), nullptr);
    f.disk.fail_after(static_cast<std::uint64_t>(step), "Input/output error");
    const auto refused = f.store(new_message());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().is_transient());
    CHECK_THAT(refused.error().message, Catch::Contains("Input/output error"));
    CHECK(f.spool->counters().accepting);
    const auto next = f.store(new_message());
    REQUIRE(next);
    REQUIRE(f.cut(test::ForgetfulDisk::Cut::all));
    REQUIRE(f.found.size() == 1);
    CHECK(f.found[0].id == *next);
    CHECK(f.spool->load(*id)->ended);
  }
}

TEST_CASE("spool: a message that was refused does not come back, however many segments failed in a row") {
  constexpr std::uint64_t kWrite = 4, kSync = 5;  // of a fresh segment: behind its name, its room, and the sync of its folder
  for (const auto& steps : std::vector<std::vector<std::uint64_t>>{{kWrite}, {kSync}, {kSync, kWrite, kSync, kSync}}) {
    SpoolFixture f;
    REQUIRE(f.open());
    const auto kept = f.store(new_message());
    f.disk.fail_after(2, "Input/output error");
    REQUIRE_FALSE(f.store(new_message()));  // the sync of the first segment
    for (const auto step : steps) {
      f.disk.fail_after(step, "Input/output error");
      CHECK_FALSE(f.store(new_message()));
    }
    f.commit();
    const auto next = f.store(new_message());
    REQUIRE(next);
    REQUIRE(f.cut(test::ForgetfulDisk::Cut::all));
    REQUIRE(f.found.size() == 2);
    CHECK(f.found[0].id == *kept);
    CHECK(f.found[1].id == *next);
    CHECK(f.spool->counters().corrupt == 0);
  }
}

TEST_CASE("spool: when the fresh segment fails, too, it stops accepting, and goes on when the disk is well") {
  SpoolFixture f;
  REQUIRE(f.open());
  const auto id = f.store(new_message());
  f.disk.fail_on("/spool/journal", "Input/output error");
  f.spool->settle(settlement(*id, 0, RecipientStage::delivered), nullptr);
  CHECK_FALSE(f.store(new_message()));
  CHECK_FALSE(f.spool->counters().accepting);
  CHECK_THAT(f.spool->counters().not_accepting_because, Catch::Contains("Input/output error"));
  CHECK_FALSE(f.spool->room_for(1));
  f.disk.fail_on("", "");
  f.commit();
  CHECK(f.spool->counters().accepting);
  REQUIRE(f.cut());
  CHECK(f.found.empty());
  CHECK(f.spool->load(*id)->ended);
}

}  // namespace
TEST_CASE("spool: the changes of a message that lie side by side in the journal are read together, and all of them count") {
  SpoolFixture f;
  REQUIRE(f.open());
  std::vector<std::string> recipients;
  for (int i = 0; i < 200; ++i) recipients.push_back("u" + std::to_string(i) + "@example.org");
  const auto id = f.store(new_message(recipients)).value();
  for (std::uint32_t i = 0; i < 200; ++i) f.spool->settle(settlement(id, i, RecipientStage::pending, "451 " + std::to_string(i)), nullptr);
  f.commit();
  f.disk.remember_calls();
  const auto message = f.spool->load(id);
  REQUIRE(message);
  for (std::size_t i = 0; i < 200; ++i) CHECK(message->recipients[i].last->text == "451 " + std::to_string(i));
  const auto& calls = f.disk.calls();
  CHECK(std::count(calls.begin(), calls.end(), test::ForgetfulDisk::Call::read) <= 8);  // not 400
}

TEST_CASE("spool: of many changes that are not durable yet each is shown until it is") {
  SpoolFixture f;
  REQUIRE(f.open());
  std::vector<std::string> recipients;
  for (int i = 0; i < 200; ++i) recipients.push_back("u" + std::to_string(i) + "@example.org");
  const auto id = f.store(new_message(recipients)).value();
  for (std::uint32_t i = 0; i < 200; ++i) {
    f.spool->settle(settlement(id, i, RecipientStage::pending, "451 " + std::to_string(i)), nullptr);
    if (i % 70 == 0) f.commit();
  }
  for (int synced = 0; synced < 2; ++synced) {
    const auto message = f.spool->load(id);
    REQUIRE(message);
    for (const auto& state : message->recipients) CHECK(state.attempts == 1);
    f.commit();
  }
}

}  // namespace mxpress::queue
