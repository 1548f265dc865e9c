// Spools of earlier versions (tests/golden) stay readable, message by message. Their README explains how to add one.
#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>
#include <sstream>

#include "queue/message_file.h"
#include "tests/queue/spool_dump.h"
#include "tests/queue/spool_fixture.h"
#include "tests/support/source_folder.h"
#include "tests/support/temp_folder.h"

namespace mxpress::queue {
namespace {

namespace fs = boost::filesystem;

std::string text_of(const Path& file) {
  fs::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void put_text(const Path& file, const std::string& text) { fs::ofstream(file, std::ios::binary) << text; }

void copy_folder(const Path& from, const Path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const auto place = to / fs::relative(entry.path(), from);
    if (fs::is_directory(entry.path()))
      fs::create_directories(place);
    else
      put_text(place, text_of(entry.path()));  // no copy_file: what is copied must not share what was reserved
  }
}

// A spool on the real disk, the same at each run.
struct RealSpool {
  explicit RealSpool(const Path& directory) {
    options.directory = directory;
    options.segment_size = 16 * 1024;
    options.journal_size = 1 << 20;
    options.reserve_bytes = 0;
    options.reserve_inodes = 0;
    options.wall = [] { return WallTime(Duration(1'790'000'000'000)); };
    options.since_boot = [] { return Duration(60'000); };
    options.random = [this] { return next_random++ * 0x9E3779B97F4A7C15u; };
    options.report = [this](std::string what) { reports.push_back(std::move(what)); };
    options.note = options.report;
    open();
  }
  void open() {
    spool.reset();
    auto opened = SteppedSpool::open(disk, options);
    if (!opened) FAIL(opened.error().message);
    spool = std::move(*opened);
    REQUIRE(spool->recover([](const Message&) {}, [this](const SiteRecord& site) { sites.push_back(site); }));
  }
  void commit() {
    while (spool->commit_batch()) {
    }
  }
  QueueId store(NewMessage message) {
    std::optional<Result<QueueId>> result;
    spool->store(std::move(message), [&](Result<QueueId> id) { result = std::move(id); });
    commit();
    REQUIRE((result && *result));
    return **result;
  }
  void settle(QueueId id, std::uint32_t recipient, RecipientStage stage, const std::string& reply) {
    auto change = settlement(id, recipient, stage, reply);
    change.attempt.hosts.push_back(
        {.result = *change.changes[0].state.last, .started = WallTime(Duration(1'790'000'001'000)), .total = Duration(250)});
    change.changes[0].state.next_try = WallTime(Duration(1'790'000'600'000));
    spool->settle(std::move(change), nullptr);
    commit();
  }

  SystemDisk disk;
  SpoolOptions options;
  std::unique_ptr<SteppedSpool> spool;
  std::vector<std::string> reports;
  std::vector<SiteRecord> sites;
  std::uint64_t next_random = 1;
};

NewMessage letter(std::vector<std::string> to, const std::string& text) {
  return new_message(std::move(to), "From: a@example.com\r\nSubject: golden\r\n\r\n" + text + "\r\n");
}

NewMessage with_options(NewMessage message) {
  message.envelope.ret = proto::Return::headers;
  message.envelope.envid = "id+2B1";
  message.envelope.body = proto::BodyType::eight_bit;
  message.envelope.recipients[0].notify = {.given = true, .success = true, .failure = false, .delay = true};
  message.envelope.recipients[0].original_recipient = "rfc822;user+2Bx@example.org";
  message.envelope.submitter = {"sendmail", 33, 4711, "php-fpm8.2", "php8.2-fpm.service", "", ""};
  message.content += "\xc3\xa4 eight bits\r\n";
  return message;
}

// The content at the end of a day: everything in the journal, each kind of record.
void live_a_day(RealSpool& s) {
  s.store(letter({"b@example.org"}, "waits untried"));
  const auto part = s.store(with_options(letter({"b@example.org", "c@example.net", "d@xn--bcher-kva.example"}, "partly delivered")));
  s.settle(part, 0, RecipientStage::delivered, "250 2.0.0 taken");
  s.settle(part, 1, RecipientStage::pending, "451 4.7.1 come back later");
  const auto held = s.store(letter({"b@example.org"}, "held"));
  s.spool->act(ActionKind::hold, {held}, nullptr);
  const auto done = s.store(letter({"b@example.org"}, "delivered"));
  s.settle(done, 0, RecipientStage::delivered, "250 ok");
  const auto failed = s.store(letter({"nobody@example.org"}, "failed, and its sender is told"));
  s.settle(failed, 0, RecipientStage::notice_pending, "550 5.1.1 no such user");
  auto notice = letter({"a@example.com"}, "Your mail failed.");
  notice.envelope.reverse_path = {};
  notice.envelope.is_notice = true;
  notice.notice_for.push_back({failed, {0}, NewMessage::NoticeFor::Kind::failure});
  s.store(std::move(notice));
  s.settle(s.store(letter({"x@example.org"}, "a notice is owed")), 0, RecipientStage::notice_pending, "550 5.1.1 no such user");
  s.spool->record_site({"mx.example.org 25", 3, WallTime(Duration(1'790'000'900'000)), std::nullopt});
  s.commit();
}

NewMessage large_letter(RealSpool& s, char filling) {
  auto message = letter({"b@example.org"}, "");
  auto large = s.spool->open_large();
  REQUIRE(large);
  REQUIRE((*large)->append(message.content + std::string(3000, filling) + "\r\n"));
  message.content.clear();
  message.large = std::move(*large);
  return message;
}

NewMessage notice_for(QueueId id, std::vector<std::uint32_t> recipients, NewMessage::NoticeFor::Kind kind) {
  auto notice = letter({"a@example.com"}, "What became of your mail.");
  notice.envelope.reverse_path = {};
  notice.envelope.is_notice = true;
  notice.notice_for.push_back({id, std::move(recipients), kind});
  return notice;
}

// Messages that a checkpoint moves into files of their own: waiting, deferred, held, with delay notice, partly told.
void fill_message_files(RealSpool& s) {
  using Kind = NewMessage::NoticeFor::Kind;
  s.store(letter({"b@example.org"}, "waits untried, in a file of its own"));
  const auto deferred = s.store(with_options(letter({"b@example.org", "c@example.net"}, "deferred")));
  s.settle(deferred, 0, RecipientStage::pending, "451 4.7.1 come back later");
  const auto held = s.store(letter({"b@example.org"}, "held"));
  s.spool->act(ActionKind::hold, {held}, nullptr);
  const auto delayed = s.store(letter({"slow@example.org"}, "its sender knows of the delay"));
  s.settle(delayed, 0, RecipientStage::pending, "421 4.3.2 closing");
  s.store(notice_for(delayed, {0}, Kind::delay));
  const auto partly = s.store(letter({"b@example.org", "nobody@example.org", "c@example.net"}, "two of three are done"));
  s.settle(partly, 0, RecipientStage::delivered, "250 2.0.0 taken");
  s.settle(partly, 1, RecipientStage::notice_pending, "550 5.1.1 no such user");
  s.store(notice_for(partly, {1}, Kind::failure));
  s.store(notice_for(partly, {0}, Kind::success));
  s.store(large_letter(s, 'p'));
  auto dropped = letter({"b@example.org"}, "from the drop folder");
  dropped.drop_name = "0123456789abcdef0123456789abcdef";
  dropped.envelope.submitter.entrance = "drop";
  s.store(std::move(dropped));
}

// Later changes of these messages are only in the journal.
void go_on_with_message_files(RealSpool& s) {
  const auto ids = s.spool->ids(false);
  s.settle(ids[1], 1, RecipientStage::delivered, "250 2.0.0 later");
  s.spool->act(ActionKind::release, {ids[2]}, nullptr);
  s.spool->act(ActionKind::retry, {ids[3]}, nullptr);
  auto expiry = settlement(ids[5], 2, RecipientStage::notice_pending, "451 4.4.2 lost");
  expiry.changes[0].state.expired = true;
  expiry.changes[0].state.last_time = WallTime(Duration(1'790'000'002'000));
  expiry.changes[0].state.last->tls = "TLSv1.3";
  expiry.changes[0].state.last->maybe_delivered = true;
  s.spool->settle(std::move(expiry), nullptr);
  s.commit();
}

// Every kind of record, every stage of a recipient and every action: message files with states, a checkpoint, and a journal that continues
// after it, with messages that wait, are deferred, held, or have a pending notice, and the histories of ended ones.
void make_every(const Path& to) {
  test::TempFolder folder;
  RealSpool s(folder.path() / "spool");
  fill_message_files(s);
  const proto::HostResult refused{.stage = proto::Stage::connect,
                                  .host = "mail.example.com",
                                  .address = "192.0.2.9:25",
                                  .tls = "",
                                  .status = {4, 4, 1},
                                  .text = "refused"};
  s.spool->record_site({"mail.example.com 25", 5, WallTime(Duration(1'790'000'900'000)), refused});
  s.spool->record_site({"well.example.net 25", 1, WallTime(Duration(1'790'000'900'000)), std::nullopt});
  s.commit();
  s.options.journal_size = 1;
  s.open();
  s.store(letter({"b@example.org"}, "so that there is a newer segment"));
  for (int i = 0; i < 3; ++i) {
    s.spool->checkpoint();
    s.commit();
  }
  s.settle(s.spool->ids(false)[1], 0, RecipientStage::pending, "451 4.7.1 and later again");
  s.options.longest_states = 300;  // rewritten, without the void states
  s.open();
  s.store(letter({"b@example.org"}, "so that there is a newer segment again"));
  for (int i = 0; i < 3; ++i) {
    s.spool->checkpoint();
    s.commit();
  }
  s.options.journal_size = 1 << 20;
  s.open();
  go_on_with_message_files(s);
  live_a_day(s);
  s.spool->record_site({"well.example.net 25", 0, {}, std::nullopt});
  const auto removed = s.store(letter({"b@example.org"}, "removed by the operator"));
  const auto bounced = s.store(letter({"b@example.org"}, "returned by the operator"));
  s.spool->act(ActionKind::remove, {removed}, nullptr);
  s.spool->act(ActionKind::bounce, {bounced}, nullptr);
  s.commit();
  s.store(large_letter(s, 'l'));
  const auto unplaced = s.store(large_letter(s, 'u'));
  copy_folder(folder.path() / "spool", to);
  fs::rename(Paths{to}.file(unplaced), Paths{to}.large(unplaced));
}

void make_clean(const Path& to) {
  RealSpool s(to);
  live_a_day(s);
}

// Killed while a record was written, with a message half received.
void make_killed(const Path& to) {
  test::TempFolder folder;
  RealSpool s(folder.path() / "spool");
  live_a_day(s);
  s.open();
  auto half = s.spool->open_large();
  REQUIRE((half && (*half)->append("From: half")));
  const auto last = s.store(letter({"last@example.org"}, "the last one that was acknowledged"));
  s.settle(last, 0, RecipientStage::pending, "TORN");
  copy_folder(folder.path() / "spool", to);
  Path segment;
  for (const auto& entry : fs::directory_iterator(to / "journal")) segment = std::max(segment, entry.path());
  auto bytes = text_of(segment);
  bytes.replace(bytes.rfind("TORN"), 4, std::string(4, '\0'));
  put_text(segment, bytes);
}

// Messages in files of their own, followed by states; a large message, a second one not yet in its place; drop files taken in.
void make_moved(const Path& to) {
  test::TempFolder folder;
  RealSpool s(folder.path() / "spool");
  live_a_day(s);
  s.options.journal_size = 1;
  s.open();
  auto dropped = letter({"b@example.org"}, "from the drop folder");
  dropped.drop_name = "0123456789abcdef0123456789abcdef";
  dropped.envelope.submitter.entrance = "drop";
  s.store(std::move(dropped));
  s.store(large_letter(s, 'l'));
  s.spool->checkpoint();
  s.settle(s.spool->ids(false)[1], 1, RecipientStage::pending, "451 4.7.1 and later again");
  s.open();
  s.store(letter({"b@example.org"}, "so that there is a newer segment"));
  s.spool->checkpoint();
  const auto unplaced = s.store(large_letter(s, 'u'));
  copy_folder(folder.path() / "spool", to);
  fs::rename(Paths{to}.file(unplaced), Paths{to}.large(unplaced));
}

const Path kGolden = test::source_folder() / "tests" / "golden";

// The golden folder has the output of the version of that day: this never overwrites it.
TEST_CASE("write golden spools of this version", "[.golden]") {
  const char* where = std::getenv("MXPRESS_GOLDEN");
  REQUIRE(where != nullptr);
  fs::create_directories(where);
  const std::pair<const char*, void (*)(const Path&)> kinds[] = {
      {"clean", make_clean}, {"killed", make_killed}, {"moved", make_moved}, {"every", make_every}};
  for (const auto& [name, make] : kinds) {
    const auto folder = Path(where) / name;
    REQUIRE_FALSE(fs::exists(folder));
    fs::create_directories(folder);
    make(folder / "spool");
    test::TempFolder copy;
    copy_folder(folder / "spool", copy.path());
    RealSpool s(copy.path());
    put_text(folder / "expected", dump(*s.spool));
    put_text(folder / "sites", dump(s.sites));
  }
}

TEST_CASE("golden: every spool of an earlier version is read to the last recipient and octet, twice") {
  std::size_t spools = 0;
  for (const auto& entry : fs::directory_iterator(kGolden)) {
    if (!fs::is_directory(entry.path())) continue;
    INFO(entry.path().string());
    test::TempFolder copy;
    copy_folder(entry.path() / "spool", copy.path());
    const auto expected = text_of(entry.path() / "expected");
    RealSpool s(copy.path());
    CHECK(dump(*s.spool) == expected);
    CHECK(dump(s.sites) == text_of(entry.path() / "sites"));
    CHECK(s.spool->counters().corrupt == 0);
    s.open();
    CHECK(dump(*s.spool) == expected);
    ++spools;
  }
  CHECK(spools >= 4);
}

// Collects the types of the records, and the kinds of action, in a file of a spool.
void note_records(const std::string& bytes, std::set<RecordType>& types, std::set<ActionKind>& actions) {
  for (std::uint64_t at = 0; at + kRecordHeader <= bytes.size(); at += 8) {
    const auto header = decode_record(std::string_view(bytes).substr(at));
    if (!header || header->offset != at) continue;
    types.insert(header->type);
    if (header->type != RecordType::action) continue;
    const auto change =
        decode_change(header->type, QueueId{header->id}, std::string_view(bytes).substr(header->meta_offset(), header->meta_size));
    REQUIRE(change);
    actions.insert(std::get<ActionTaken>(*change).kind);
  }
}

TEST_CASE("golden: the spool of every kind holds each type of record, each action, and each stage of a recipient") {
  std::set<RecordType> in_journal, in_files;
  std::set<ActionKind> actions;
  const Path spool = kGolden / "spool-v1-every" / "spool";
  for (const auto& entry : fs::recursive_directory_iterator(spool))
    if (fs::is_regular_file(entry.path()))
      note_records(text_of(entry.path()), entry.path().extension() == ".log" ? in_journal : in_files, actions);
  CHECK(in_journal == std::set{RecordType::segment, RecordType::accepted, RecordType::accepted_file, RecordType::attempt,
                               RecordType::action, RecordType::site, RecordType::ended});
  CHECK(in_files == std::set{RecordType::accepted, RecordType::attempt, RecordType::action, RecordType::told});
  CHECK(actions == std::set{ActionKind::hold, ActionKind::release, ActionKind::retry, ActionKind::remove, ActionKind::bounce});

  test::TempFolder copy;
  copy_folder(spool, copy.path());
  RealSpool s(copy.path());
  std::set<RecipientStage> stages;
  std::size_t held = 0, ended = 0, told_of_delay = 0;
  for (const auto id : s.spool->ids(true)) {
    const auto message = std::move(s.spool->load(id)).value();
    held += message.held ? 1 : 0;
    ended += message.ended ? 1 : 0;
    for (const auto& state : message.recipients) {
      stages.insert(state.stage);
      told_of_delay += state.delay_notice_sent ? 1 : 0;
    }
  }
  CHECK(stages == std::set{RecipientStage::pending, RecipientStage::delivered, RecipientStage::notice_pending, RecipientStage::ended,
                           RecipientStage::removed});
  CHECK(held == 1);
  CHECK(ended >= 3);
  CHECK(told_of_delay == 1);
}

TEST_CASE("golden: no new message gets an id that an earlier version gave") {
  for (const auto& entry : fs::directory_iterator(kGolden)) {
    if (!fs::is_directory(entry.path())) continue;
    test::TempFolder copy;
    copy_folder(entry.path() / "spool", copy.path());
    RealSpool s(copy.path());
    const auto known = s.spool->ids(true);
    const auto fresh = s.store(letter({"b@example.org"}, "fresh"));
    CHECK(fresh > *std::max_element(known.begin(), known.end()));
  }
}

TEST_CASE("golden: a drop file that an earlier version took in is not taken in twice") {
  test::TempFolder copy;
  copy_folder(kGolden / "spool-v1-moved" / "spool", copy.path());
  RealSpool s(copy.path());
  const auto known = s.spool->ids(false);
  auto again = letter({"b@example.org"}, "from the drop folder");
  again.drop_name = "0123456789abcdef0123456789abcdef";
  const auto id = s.store(std::move(again));
  CHECK(std::find(known.begin(), known.end(), id) != known.end());
}

}  // namespace
}  // namespace mxpress::queue
