// Damaged journals and message files: never a crash, never wrong content, and all intact parts are kept.
#include <algorithm>
#include <catch2/catch.hpp>

#include "queue/message_file.h"
#include "tests/queue/spool_fixture.h"

namespace mxpress::queue {
namespace {

constexpr char kSegment[] = "/spool/journal/0000000001.log";

struct Stored {
  SpoolFixture f;
  std::vector<QueueId> ids;
  std::string journal;

  Stored() {
    f.options.segment_size = 32 * 1024;
    REQUIRE(f.open());
    for (const char c : {'a', 'b', 'c'}) ids.push_back(*f.store(new_message({"b@example.org"}, std::string(300, c))));
    f.spool->settle(settlement(ids[0], 0, RecipientStage::pending, "451"), nullptr);
    f.commit();
    f.spool.reset();
    journal = f.disk.content(kSegment);
  }
  const Message* find(std::size_t which) const {
    for (const auto& message : f.found)
      if (message.id == ids[which]) return &message;
    return nullptr;
  }
  bool is_reported(const std::string& text) const {
    return std::any_of(f.reports.begin(), f.reports.end(), [&](const auto& r) { return r.find(text) != std::string::npos; });
  }
};

TEST_CASE("damage: in an acknowledged batch it is set aside and reported, and the rest goes on") {
  Stored s;
  auto damaged = s.journal;
  damaged[damaged.find("bbbb")] = 'x';
  s.f.disk.replace(kSegment, damaged);
  REQUIRE(s.f.open());
  CHECK(s.f.found.size() == 2);
  CHECK(s.find(0) != nullptr);
  CHECK(s.find(2) != nullptr);
  CHECK(s.f.spool->counters().corrupt == 1);
  CHECK(s.is_reported("damage of"));
  const auto files = s.f.disk.files();
  const auto aside = std::find_if(files.begin(), files.end(), [](const auto& file) { return file.starts_with("/spool/corrupt/1-"); });
  REQUIRE(aside != files.end());
  CHECK_THAT(s.f.disk.content(*aside), Catch::Contains("xbbb"));
}

TEST_CASE("damage: in the last batch it is a torn tail, which nobody was promised") {
  Stored s;
  auto torn = s.journal;
  torn.replace(torn.rfind("451"), 3, "xxx");
  s.f.disk.replace(kSegment, torn);
  REQUIRE(s.f.open());
  CHECK(s.f.found.size() == 3);
  CHECK(s.f.spool->counters().corrupt == 0);
  CHECK(s.is_reported("unfinished write"));
}

TEST_CASE("damage: no flipped bit of the journal is ever taken for mail") {
  Stored s;
  const auto last = s.journal.find_last_not_of('\0');
  for (std::size_t at = 0; at <= last; at += 41) {
    INFO("octet " << at);
    auto damaged = s.journal;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    s.f.disk.replace(kSegment, damaged);
    s.f.spool.reset();
    REQUIRE(s.f.open());
    for (std::size_t i = 0; i < 3; ++i) {
      const auto* message = s.find(i);
      if (message) CHECK(read_all(*message->content) == std::string(300, static_cast<char>('a' + i)));
    }
    CHECK(s.f.found.size() >= 2);
  }
}

TEST_CASE("damage: a segment cut anywhere keeps what lies before") {
  Stored s;
  const auto end_of_a = s.journal.find("aaaa") + 1000;
  for (std::size_t size = 0; size < s.journal.size(); size += 509) {
    s.f.disk.replace(kSegment, s.journal.substr(0, size));
    s.f.spool.reset();
    REQUIRE(s.f.open());
    if (size >= end_of_a) CHECK(s.find(0) != nullptr);
  }
}

TEST_CASE("damage: a record from another segment is no record, though it lies in its place") {
  Stored s;
  auto mixed = s.journal;
  // Correct except for its salt.
  auto header = *decode_record(std::string_view(mixed).substr(4096));
  header.salt = 4711;
  const auto bytes = encode(header);
  mixed.replace(4096, bytes.size(), bytes.data(), bytes.size());
  s.f.disk.replace(kSegment, mixed);
  REQUIRE(s.f.open());
  CHECK(s.find(1) == nullptr);
  CHECK(s.find(2) != nullptr);
  CHECK(s.f.spool->counters().corrupt == 1);
}

TEST_CASE("damage: foreign files are left alone and reported") {
  Stored s;
  s.f.disk.replace("/spool/journal/core", "x");
  s.f.disk.replace("/spool/journal/0000000000.log", "x");
  s.f.disk.replace("/spool/incoming/1-9.part", "x");
  REQUIRE(s.f.open());
  CHECK(s.f.found.size() == 3);
  CHECK(s.f.disk.content("/spool/journal/core") == "x");
  const auto files = s.f.disk.files();
  CHECK(std::find(files.begin(), files.end(), "/spool/incoming/1-9.part") == files.end());
}

// The messages wait in files of their own.
struct InFiles : Stored {
  InFiles() {
    f.options.journal_size = 1;
    REQUIRE(f.open());
    REQUIRE(f.store(new_message()));
    f.spool->checkpoint();
    f.spool.reset();
  }
  std::string path(std::size_t which) const { return Paths{"/spool"}.file(ids[which]).string(); }
};

TEST_CASE("checkpoint: messages that wait move into files with their states, and the segment goes") {
  InFiles s;
  const auto files = s.f.disk.files();
  CHECK(std::find(files.begin(), files.end(), kSegment) == files.end());
  REQUIRE(s.f.cut());
  REQUIRE(s.f.found.size() == 4);
  CHECK(s.find(0)->recipients[0].last->text == "451");
  CHECK(s.find(0)->attempts.size() == 1);
  CHECK(read_all(*s.find(2)->content) == std::string(300, 'c'));
}

TEST_CASE("checkpoint: later states are appended once, content is not copied again") {
  InFiles s;
  REQUIRE(s.f.open());
  const auto before = s.f.disk.content(s.path(1));
  s.f.spool->settle(settlement(s.ids[1], 0, RecipientStage::pending, "452"), nullptr);
  s.f.commit();
  s.f.spool.reset();
  REQUIRE(s.f.open());
  REQUIRE(s.f.store(new_message()));
  s.f.spool->checkpoint();
  const auto after = s.f.disk.content(s.path(1));
  CHECK(after.size() > before.size());
  CHECK(after.starts_with(before));
  REQUIRE(s.f.cut());
  CHECK(s.find(1)->attempts.size() == 1);
  CHECK(s.find(1)->recipients[0].last->text == "452");
}

TEST_CASE("damage: a message file that cannot be read is set aside, its content is checked before it is sent") {
  InFiles s;
  auto bytes = s.f.disk.content(s.path(0));
  bytes[1] = 'x';
  s.f.disk.replace(s.path(0), bytes);
  auto content = s.f.disk.content(s.path(1));
  content[content.find("bbbb")] = 'x';
  s.f.disk.replace(s.path(1), content);
  REQUIRE(s.f.open());
  CHECK(s.find(0) == nullptr);
  CHECK(s.f.disk.content("/spool/corrupt/" + s.ids[0].to_string()) == bytes);
  CHECK(s.f.spool->counters().corrupt == 1);
  REQUIRE(s.find(1) != nullptr);
  CHECK_FALSE(s.find(1)->content->verify());
}

// Appends two more states to the file of the second message.
struct Appended : InFiles {
  std::string good;

  Appended() {
    for (const char* text : {"452 second", "453 third"}) {
      REQUIRE(f.open());
      f.spool->settle(settlement(ids[1], 0, RecipientStage::pending, text), nullptr);
      f.commit();
      f.spool.reset();
      REQUIRE(f.open());
      REQUIRE(f.store(new_message()));
      f.spool->checkpoint();
      f.spool.reset();
    }
    good = f.disk.content(path(1));
  }
};

TEST_CASE("damage: of a state in a message file is reported and kept, and hides no later state") {
  Appended s;
  REQUIRE(s.good.find("452 second") != std::string::npos);
  const auto record = s.good.rfind("MXR1", s.good.find("452 second"));
  for (const auto at : {s.good.find("452 second"), record, record + 30}) {
    INFO("octet " << at - record << " of the record");
    auto bytes = s.good;
    bytes[at] = '\x01';
    s.f.disk.replace(s.path(1), bytes);
    s.f.spool.reset();
    s.f.reports.clear();
    REQUIRE(s.f.open());
    REQUIRE(s.find(1) != nullptr);
    CHECK(s.find(1)->recipients[0].last->text == "453 third");
    CHECK(s.find(1)->attempts.size() == 1);
    CHECK(s.f.spool->counters().corrupt == 1);
    CHECK(s.is_reported("damage of"));
    const auto files = s.f.disk.files();
    const auto kept = "/spool/corrupt/" + s.ids[1].to_string() + "-" + std::to_string(record);
    CHECK(std::find(files.begin(), files.end(), kept) != files.end());
  }
}

TEST_CASE("damage: later states are appended behind the last whole one, damage before it or not") {
  Appended s;
  auto bytes = s.good;
  bytes[s.good.find("452 second")] = 'x';
  s.f.disk.replace(s.path(1), bytes + "torn");
  REQUIRE(s.f.open());
  s.f.spool->settle(settlement(s.ids[1], 0, RecipientStage::pending, "454 fourth"), nullptr);
  s.f.commit();
  s.f.spool.reset();
  REQUIRE(s.f.open());
  REQUIRE(s.f.store(new_message()));
  s.f.spool->checkpoint();
  CHECK(s.f.disk.content(s.path(1)).starts_with(bytes));
  REQUIRE(s.f.cut());
  CHECK(s.find(1)->recipients[0].last->text == "454 fourth");
  CHECK(s.find(1)->attempts.size() == 2);
}

TEST_CASE("damage: no flipped bit or cut of a message file crashes or invents mail") {
  InFiles s;
  const auto good = s.f.disk.content(s.path(0));
  for (std::size_t at = 0; at < good.size() * 2; at += 29) {
    auto bytes = good;
    if (at < good.size())
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    else
      bytes.resize(at - good.size());
    s.f.disk.replace(s.path(0), bytes);
    s.f.spool.reset();
    REQUIRE(s.f.open());
    const auto* message = s.find(0);
    if (message && message->content->verify()) CHECK(read_all(*message->content) == std::string(300, 'a'));
    CHECK(s.f.found.size() >= 3);
  }
}

TEST_CASE("damage: content that is damaged when it is moved out of the journal is never taken for whole") {
  Stored s;
  s.f.options.journal_size = 1;
  REQUIRE(s.f.open());
  REQUIRE((*s.f.disk.open(kSegment, Open::write))->write_at(s.journal.find("bbbb"), {"x"}));
  REQUIRE(s.f.store(new_message()));
  s.f.spool->checkpoint();
  REQUIRE(s.f.open());
  REQUIRE(s.find(1) != nullptr);
  CHECK_FALSE(s.find(1)->content->verify());
  CHECK(s.find(0)->content->verify());
}

// A folder that the disk cannot list.
struct Unlistable : test::ForgetfulDisk {
  std::string folder;
  Result<std::vector<FolderEntry>> list(const Path& path) override {
    if (path == folder) return Error::transient("cannot list " + folder + ": Input/output error");
    return ForgetfulDisk::list(path);
  }
};

TEST_CASE("damage: a folder of messages that cannot be listed costs the mail in it, until the next start, and no other") {
  InFiles s;
  Unlistable disk;
  for (const auto& path : s.f.disk.files()) {
    for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
      (void)disk.make_folder(path.substr(0, slash));
    disk.replace(path, s.f.disk.content(path));
  }
  disk.folder = Path(s.path(0)).parent_path().string();
  auto spool = std::move(SteppedSpool::open(disk, s.f.options)).value();
  CHECK_FALSE(spool->counters().recovered);
  REQUIRE(spool->recover([](const Message&) {}, [](const SiteRecord&) {}));
  CHECK(spool->counters().recovered);
  CHECK(spool->counters().unread == 1);
  CHECK(spool->counters().messages == 3);
  CHECK(s.is_reported("cannot list " + disk.folder));
  const auto before = disk.files();
  spool->checkpoint();
  CHECK(disk.files() == before);
  disk.folder = "/spool/messages";
  spool.reset();
  spool = std::move(SteppedSpool::open(disk, s.f.options)).value();
  CHECK_FALSE(spool->recover([](const Message&) {}, [](const SiteRecord&) {}));
  CHECK_FALSE(spool->counters().recovered);
  CHECK_THAT(spool->counters().not_recovered_because, Catch::Contains("cannot list"));
}

// Octets change under a running daemon.
void rot(Stored& s, const char* segment, const std::string& text) {
  const auto at = s.f.disk.content(segment).find(text);
  REQUIRE(at != std::string::npos);
  REQUIRE((*s.f.disk.open(segment, Open::write))->write_at(at, {"?"}));
}

TEST_CASE("damage: of a state while the daemon runs costs that state, and not the message") {
  InFiles s;
  REQUIRE(s.f.open());
  for (const char* text : {"452 second", "453 third"}) {
    s.f.spool->settle(settlement(s.ids[1], 0, RecipientStage::pending, text), nullptr);
    s.f.commit();
  }
  std::string segment;
  for (const auto& path : s.f.disk.files())
    if (s.f.disk.content(path).find("452 second") != std::string::npos) segment = path;
  rot(s, segment.c_str(), "452 second");
  const auto loaded = s.f.spool->load(s.ids[1]);
  REQUIRE(loaded);
  CHECK(loaded->attempts.size() == 1);
  CHECK(loaded->recipients[0].last->text == "453 third");
  CHECK(s.is_reported("is forgotten"));
  REQUIRE(s.f.store(new_message({"b@example.org"}, std::string(40'000, 'x'))));  // the segment is full
  s.f.spool->checkpoint();
  CHECK(s.f.spool->counters().corrupt == 1);
  CHECK(s.f.spool->load(s.ids[1])->attempts.size() == 1);
  REQUIRE(s.f.cut());
  REQUIRE(s.find(1) != nullptr);
  CHECK(s.find(1)->recipients[0].last->text == "453 third");
  const auto files = s.f.disk.files();
  CHECK(std::find(files.begin(), files.end(), segment) == files.end());
  CHECK(std::any_of(files.begin(), files.end(), [&](const auto& file) {
    return file.starts_with("/spool/corrupt/") && s.f.disk.content(file).find("?52 second") != std::string::npos;
  }));
}

TEST_CASE("damage: of a message while the daemon runs sets it aside with its whole envelope") {
  Stored s;
  s.f.options.journal_size = 1;
  REQUIRE(s.f.open());
  auto message = new_message({"b@example.org"}, std::string(kInlineContent, 'w'));
  message.envelope.envid = std::string(2000, 'v') + "END";
  REQUIRE(s.f.store(std::move(message)));
  std::string segment;
  for (const auto& path : s.f.disk.files())
    if (s.f.disk.content(path).find("vvEND") != std::string::npos) segment = path;
  rot(s, segment.c_str(), "vvEND");
  REQUIRE(s.f.store(new_message({"b@example.org"}, std::string(40'000, 'x'))));
  s.f.spool->checkpoint();
  const auto files = s.f.disk.files();
  CHECK(std::any_of(files.begin(), files.end(), [&](const auto& file) {
    return file.starts_with("/spool/corrupt/") && s.f.disk.content(file).find("?vEND") != std::string::npos;
  }));
}

// Three segments of one run.
struct Segments : Stored {
  Segments() {
    f.options.segment_size = 4096;
    REQUIRE(f.open());
    for (const char c : {'d', 'e', 'g'}) ids.push_back(*f.store(new_message({"b@example.org"}, std::string(300, c))));
    f.spool.reset();
    for (const auto& path : f.disk.files())
      if (path.starts_with("/spool/journal/") && path != kSegment) paths.push_back(path);
    REQUIRE(paths.size() == 3);
  }
  std::vector<std::string> paths;
};

TEST_CASE("damage: a segment that has lost its end is reported where the next one tells how far it was synced") {
  for (const bool is_cut : {true, false}) {
    Segments s;
    const auto good = s.f.disk.content(s.paths[1]);
    s.f.disk.replace(s.paths[1], is_cut ? "" : std::string(good.size(), '\0'));
    REQUIRE(s.f.open());
    CHECK(s.f.found.size() == 5);
    CHECK(s.f.spool->counters().corrupt >= 1);
  }
}

TEST_CASE("checkpoint: segments go in the order in which they were written, whatever their files are called") {
  for (std::uint64_t n = 1; n < 40; ++n) {
    INFO("the power goes at operation " << n << " of the checkpoint");
    SpoolFixture f;
    f.options.segment_size = 4096;
    REQUIRE(f.open());
    const auto id = f.store(new_message());
    f.spool->settle(settlement(*id, 0, RecipientStage::delivered), nullptr);
    f.commit();
    f.spool.reset();
    const std::string older = kSegment, newer = "/spool/journal/0000000002.log";
    const auto bytes = f.disk.content(older);
    f.disk.replace(older, f.disk.content(newer));
    f.disk.replace(newer, bytes);
    f.options.journal_size = 1;
    REQUIRE(f.open());
    f.disk.cut_at(f.disk.operations() + n);
    f.spool->checkpoint();
    REQUIRE(f.cut());
    CHECK(f.found.empty());
  }
}

TEST_CASE("damage: a large message that the disk does not give now is not called lost") {
  Unlistable disk;
  SpoolFixture f;
  auto spool = std::move(SteppedSpool::open(disk, f.options)).value();
  REQUIRE(spool->recover([](const Message&) {}, [](const SiteRecord&) {}));
  auto message = new_message();
  message.large = std::move(spool->open_large()).value();
  REQUIRE(message.large->append("Subject: large\r\n"));
  std::optional<QueueId> id;
  spool->store(std::move(message), [&](Result<QueueId> stored) { id = *stored; });
  while (spool->commit_batch()) {
  }
  spool.reset();
  REQUIRE(id);
  disk.folder = Paths{"/spool"}.folder(*id).string();
  spool = std::move(SteppedSpool::open(disk, f.options)).value();
  REQUIRE(spool->recover([](const Message&) {}, [](const SiteRecord&) {}));
  CHECK(spool->counters().unread == 1);
  for (const auto& report : f.reports) CHECK(report.find("is lost") == std::string::npos);
}

TEST_CASE("damage: a copy that cannot be kept keeps the segment that has the damage") {
  Stored s;
  s.f.options.journal_size = 1;
  auto damaged = s.journal;
  damaged[damaged.find("bbbb")] = 'x';
  s.f.disk.replace(kSegment, damaged);
  s.f.disk.fail_on("/corrupt/", "No space left on device");
  REQUIRE(s.f.open());
  REQUIRE(s.f.store(new_message()));
  s.f.spool->checkpoint();
  CHECK(s.f.disk.content(kSegment) == damaged);
}

TEST_CASE("checkpoint: a large message that cannot be moved to its place keeps the segment that knows it") {
  SpoolFixture f;
  f.options.journal_size = 1;
  REQUIRE(f.open());
  auto message = new_message();
  message.large = std::move(f.spool->open_large()).value();
  REQUIRE(message.large->append("Subject: large\r\n"));
  f.disk.fail_on(".large", "Input/output error");
  REQUIRE(f.store(std::move(message)));
  REQUIRE(f.open());
  f.spool->checkpoint();
  f.disk.fail_on("", "");
  REQUIRE(f.open());
  CHECK(f.found.size() == 1);
}

TEST_CASE("damage: what is set aside a second time does not replace what was set aside before") {
  InFiles s;
  const auto bytes = s.f.disk.content(s.path(0));
  for (const char c : {'x', 'y'}) {
    auto damaged = bytes;
    damaged[1] = c;
    s.f.disk.replace(s.path(0), damaged);
    REQUIRE(s.f.open());
    s.f.spool.reset();
  }
  const auto first = "/spool/corrupt/" + s.ids[0].to_string();
  CHECK(s.f.disk.content(first)[1] == 'x');
  CHECK(s.f.disk.content(first + ".2")[1] == 'y');
}

TEST_CASE("damage: a large message whose file is damaged before it has its place stops no start") {
  SpoolFixture f;
  REQUIRE(f.open());
  auto message = new_message();
  message.large = std::move(f.spool->open_large()).value();
  REQUIRE(message.large->append("Subject: large\r\n"));
  const auto id = f.store(std::move(message));
  REQUIRE(id);
  f.spool.reset();
  const Paths paths{"/spool"};
  auto bytes = f.disk.content(paths.file(*id).string());
  bytes[1] = 'x';
  REQUIRE(f.disk.remove(paths.file(*id)));
  f.disk.replace(paths.large(*id).string(), bytes);
  REQUIRE(f.open());
  CHECK(f.found.empty());
  CHECK(f.spool->counters().corrupt == 1);
  CHECK(f.disk.content("/spool/corrupt/" + id->to_string()) == bytes);
}

}  // namespace
}  // namespace mxpress::queue
