// Spools that earlier versions wrote (tests/golden) are read for ever, message by message. Their README tells how to add one.
#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <sstream>

#include "queue/message_file.h"
#include "tests/queue/spool_dump.h"
#include "tests/queue/spool_fixture.h"
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
    options.random = [this] { return next_random++ * 0x9E3779B97F4A7C15u; };
    options.report = [this](std::string what) { reports.push_back(std::move(what)); };
    options.note = options.report;
    open();
  }
  void open() {
    spool.reset();
    auto opened = Spool::open(disk, options, Spool::Committer::manual);
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
  std::unique_ptr<Spool> spool;
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

// What there was at the end of a day: everything in the journal, each kind of record.
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
  s.settle(failed, 0, RecipientStage::notice_owed, "550 5.1.1 no such user");
  auto notice = letter({"a@example.com"}, "Your mail failed.");
  notice.envelope.reverse_path = {};
  notice.envelope.is_notice = true;
  notice.notice_for.push_back({failed, {0}, NewMessage::NoticeFor::Kind::failure});
  s.store(std::move(notice));
  s.settle(s.store(letter({"x@example.org"}, "a notice is owed")), 0, RecipientStage::notice_owed, "550 5.1.1 no such user");
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

// Messages in files of their own, with states behind them; a large message, a second one not yet in its place; drop files taken in.
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

const Path kGolden = Path(MXPRESS_SOURCE_DIR) / "tests" / "golden";

// What is in the golden folder is what the version of that day wrote: this never writes over it.
TEST_CASE("write golden spools of this version", "[.golden]") {
  const char* where = std::getenv("MXPRESS_GOLDEN");
  REQUIRE(where != nullptr);
  fs::create_directories(where);
  const std::pair<const char*, void (*)(const Path&)> kinds[] = {{"clean", make_clean}, {"killed", make_killed}, {"moved", make_moved}};
  for (const auto& [name, make] : kinds) {
    const auto folder = Path(where) / name;
    REQUIRE_FALSE(fs::exists(folder));
    fs::create_directories(folder);
    make(folder / "spool");
    test::TempFolder copy;
    copy_folder(folder / "spool", copy.path());
    RealSpool s(copy.path());
    put_text(folder / "expected", dump(*s.spool));
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
    CHECK(s.spool->counters().corrupt == 0);
    CHECK(s.sites.size() == 1);
    s.open();
    CHECK(dump(*s.spool) == expected);
    ++spools;
  }
  CHECK(spools >= 3);
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
