// fsck: reports damage, repairs it without losing an octet, and reports nothing the second time.
#include "queue/fsck.h"

#include <catch2/catch.hpp>

#include "tests/queue/damaged_spool.h"

namespace mxpress::queue {
namespace {

using Kind = FsckFinding::Kind;
using Cut = test::ForgetfulDisk::Cut;

std::string said(const FsckReport& report) {
  std::string out;
  for (const auto& finding : report.findings) out += std::to_string(static_cast<int>(finding.kind)) + " " + finding.text + "\n";
  return out;
}

std::string find(const Files& files, bool (*is_wanted)(const std::string&), std::size_t which = 0) {
  for (const auto& [path, bytes] : files)
    if (is_wanted(path) && which-- == 0) return path;
  return {};
}

// A message in the journal, followed by an acknowledged record.
std::pair<std::string, RecordHeader> old_message(const Files& files) {
  for (const auto& [path, bytes] : files) {
    if (!is_segment(path)) continue;
    const auto scan = scan_segment(bytes);
    for (const auto& record : scan.records)
      if (record.type == RecordType::accepted && record.batch < scan.last_batch) return {path, record};
  }
  FAIL("there is none");
  return {};
}

// Places where the damage certainly affects acknowledged data.
struct Harm {
  std::string name;
  Files files;
  std::set<std::string> victims;  // messages that may be lost or changed
};

std::vector<Harm> harms(const WholeSpool& whole) {
  std::vector<Harm> out;
  const auto add = [&](const std::string& name, const std::string& path, std::size_t at, const std::string& bytes) {
    Harm harm{name, whole.files, whole.touched(path, at, at + bytes.size())};
    harm.files[path].replace(at, bytes.size(), bytes);
    out.push_back(std::move(harm));
  };
  const auto [segment, accepted] = old_message(whole.files);
  const auto& journal = whole.files.at(segment);
  add("content in the journal", segment, accepted.offset + 80, "????");
  add("the header of a record of the journal", segment, accepted.offset + 8, "????");
  add("the first record of a segment", segment, 20, "????");
  for (std::size_t i = 0; i < 4; ++i) {
    const auto path = find(whole.files, is_message_file, i);
    const auto& bytes = whole.files.at(path);
    add("the header of a message file", path, 10, "????");
    if (const auto state = bytes.rfind("452 second"); state != std::string::npos) add("a state in a message file", path, state, "????");
  }
  Harm swapped{"two messages under each other's names", whole.files, {}};
  std::swap(swapped.files[find(whole.files, is_message_file, 0)], swapped.files[find(whole.files, is_message_file, 1)]);
  out.push_back(std::move(swapped));
  const auto path = find(whole.files, is_message_file);
  for (const auto& to : {QueueId{(std::uint64_t{1} << 40) + 0x77}.to_string(), name_of(path), name_of(path) + "~"}) {
    Harm moved{"a message under the name 77/" + to, whole.files, {}};
    moved.files["/spool/messages/77/" + to] = moved.files[path];
    moved.files.erase(path);
    out.push_back(std::move(moved));
  }
  Harm several{"the age and a message file", whole.files, {name_of(path)}};
  several.files["/spool/age"] = "1";
  several.files[path].replace(10, 4, "????");
  out.push_back(std::move(several));
  Harm segments{"two segments under each other's names", whole.files, {}};
  std::swap(segments.files[segment], segments.files[std::prev(whole.files.find("/spool/lock"))->first]);
  out.push_back(std::move(segments));
  Harm twice{"a segment twice", whole.files, {}};
  twice.files["/spool/journal/0000000099.log"] = journal;
  out.push_back(std::move(twice));
  Harm format{"the format", whole.files, {}};
  format.files["/spool/format"] = "mxpress";
  out.push_back(std::move(format));
  Harm start{"the number of the start", whole.files, {}};
  start.files["/spool/start"] = "1";
  out.push_back(std::move(start));
  return out;
}

// The spool, with an octet of a message's content in the journal changed: the header of its record.
RecordHeader fill_with_damage(test::ForgetfulDisk& disk, const WholeSpool& whole) {
  fill(disk, whole.files);
  const auto [path, damaged] = old_message(whole.files);
  auto bytes = whole.files.at(path);
  bytes[damaged.content_offset() + 3] = '?';
  disk.replace(path, bytes);
  return damaged;
}

// Everything except the victims is unchanged; no message appeared that never existed.
void check_rest(const WholeSpool& whole, const Harm& harm, SpoolFixture& f) {
  REQUIRE(f.open());
  CHECK(f.spool->counters().corrupt == 0);
  for (const auto& message : f.found) CHECK(whole.messages.contains(message.id.to_string()));
  for (const auto& [id, content] : whole.contents) {
    if (harm.victims.contains(id)) continue;
    INFO(id);
    const auto message = f.spool->load(*QueueId::parse(id));
    REQUIRE(message);
    CHECK(describe(*message) == whole.messages.at(id));
  }
}

// Every damaged octet is in corrupt/, or still in its place.
bool is_kept(const test::ForgetfulDisk& disk, const std::string& octets) {
  for (const auto& path : disk.files())
    if (disk.content(path).find(octets) != std::string::npos) return true;
  return false;
}

TEST_CASE("fsck: a spool in order is in order, and is not written to") {
  const WholeSpool whole;
  SpoolFixture f;
  fill(f.disk, whole.files);
  const auto before = f.disk.operations();
  const auto report = examine(f.disk, "/spool");
  REQUIRE(report);
  INFO(said(*report));
  CHECK(report->is_clean());
  CHECK(report->waiting == whole.contents.size());
  CHECK(report->message_files >= 5);
  CHECK(report->segments >= 4);
  CHECK(report->records >= 10);
  CHECK(f.disk.operations() == before);
  CHECK(files_of(f.disk) == whole.files);
}

TEST_CASE("fsck: every damage is told, repaired, and gone the second time; the rest of the mail is as it was") {
  const WholeSpool whole;
  for (const auto& harm : harms(whole)) {
    INFO(harm.name);
    SpoolFixture f;
    fill(f.disk, harm.files);
    const auto before = f.disk.operations();
    const auto found = examine(f.disk, "/spool");
    REQUIRE(found);
    CHECK(found->count(Kind::damage) > 0);
    CHECK(f.disk.operations() == before);
    const auto repaired = repair(f.disk, "/spool");
    REQUIRE(repaired);
    INFO(said(*repaired));
    CHECK(repaired->is_clean());
    CHECK(repaired->count(Kind::repaired) > 0);
    const auto after = files_of(f.disk);
    const auto again = examine(f.disk, "/spool");
    REQUIRE(again);
    INFO(said(*again));
    CHECK(again->is_clean());
    CHECK(repair(f.disk, "/spool")->count(Kind::repaired) == 0);
    CHECK(files_of(f.disk) == after);
    check_rest(whole, harm, f);
    const bool has_mark =
        std::any_of(harm.files.begin(), harm.files.end(), [](const auto& file) { return file.second.find("????") != std::string::npos; });
    CHECK((!has_mark || is_kept(f.disk, "????")));
  }
}

TEST_CASE("fsck: all damage is told at once, and what is whole is counted") {
  const WholeSpool whole;
  SpoolFixture f;
  fill(f.disk, whole.files);
  const auto path = find(whole.files, is_message_file);
  f.disk.replace("/spool/age", "1");
  f.disk.replace(path, "????");
  const auto report = examine(f.disk, "/spool");
  REQUIRE(report);
  INFO(said(*report));
  CHECK(report->count(Kind::damage) == 2);
  CHECK(report->waiting == whole.contents.size() - 1);
}

TEST_CASE("fsck: mail with damaged content stays, for its sender to be told when it is due") {
  const WholeSpool whole;
  SpoolFixture f;
  fill(f.disk, whole.files);
  const auto path = find(whole.files, is_message_file);
  auto bytes = whole.files.at(path);
  bytes[kRecordHeader + 3] = '?';
  f.disk.replace(path, bytes);
  const auto report = repair(f.disk, "/spool");
  REQUIRE(report);
  INFO(said(*report));
  CHECK(report->is_clean());
  CHECK(report->count(Kind::note) > 0);
  CHECK(f.disk.content(path) == bytes);
}

// The disk can read neither the names in some folders nor some files.
struct Refusing : test::ForgetfulDisk {
  std::string what;
  Error refused(const Path& path) const { return Error::transient("cannot open " + path.string() + ": Input/output error"); }
  Result<std::vector<FolderEntry>> list(const Path& path) override { return path == what ? refused(path) : ForgetfulDisk::list(path); }
  Result<std::shared_ptr<File>> open(const Path& path, Open mode) override {
    return path == what ? refused(path) : ForgetfulDisk::open(path, mode);
  }
};

TEST_CASE("fsck: a message that the disk does not give now, or a folder of them, is told and stays where it is") {
  const WholeSpool whole;
  const auto path = find(whole.files, is_message_file);
  for (const auto& what : {path, Path(path).parent_path().string(), std::string("/spool/messages"), std::string("/spool/journal")}) {
    INFO(what);
    Refusing disk;
    fill(disk, whole.files);
    disk.what = what;
    const auto found = examine(disk, "/spool");
    REQUIRE(found);
    CHECK(found->count(Kind::damage) >= 1);
    const auto repaired = repair(disk, "/spool");
    REQUIRE(repaired);
    INFO(said(*repaired));
    CHECK(repaired->count(Kind::unrepaired) >= 1);
    CHECK(repaired->count(Kind::repaired) == 0);
    CHECK(files_of(disk) == whole.files);
  }
}

// One page of one file cannot be read, until the file is rewritten.
struct BadSector : test::ForgetfulDisk {
  std::string bad;
  class Reader : public File {
   public:
    explicit Reader(std::shared_ptr<File> file) : file_(std::move(file)) {}
    Result<std::size_t> read_at(std::uint64_t offset, char* buffer, std::size_t size) const override {
      if (offset < 2 * kPage && offset + size > kPage) return Error::transient("Input/output error");
      return file_->read_at(offset, buffer, size);
    }
    Status write_at(std::uint64_t offset, const std::vector<std::string_view>& pieces) override { return file_->write_at(offset, pieces); }
    Status sync() override { return file_->sync(); }
    Status allocate(std::uint64_t size) override { return file_->allocate(size); }
    Status truncate(std::uint64_t size) override { return file_->truncate(size); }
    Result<std::uint64_t> size() const override { return file_->size(); }
    Result<bool> try_lock(Lock lock) override { return file_->try_lock(lock); }

   private:
    std::shared_ptr<File> file_;
  };

  Result<std::shared_ptr<File>> open(const Path& path, Open mode) override {
    auto file = ForgetfulDisk::open(path, mode);
    if (!file || path != bad) return file;
    return std::shared_ptr<File>(std::make_shared<Reader>(std::move(*file)));
  }
  Status rename(const Path& from, const Path& to) override {
    if (to == bad) bad.clear();
    return ForgetfulDisk::rename(from, to);
  }
};

TEST_CASE("fsck: a sector of the journal that the disk cannot read costs what lay there, and is gone afterwards") {
  const WholeSpool whole;
  BadSector disk;
  fill(disk, whole.files);
  disk.bad = old_message(whole.files).first;
  const auto harmed = whole.touched(disk.bad, kPage, 2 * kPage);
  const auto report = repair(disk, "/spool");
  REQUIRE(report);
  INFO(said(*report));
  CHECK(report->is_clean());
  CHECK(report->count(Kind::repaired) > 0);
  CHECK(examine(disk, "/spool")->is_clean());
  SpoolFixture f;
  fill(f.disk, files_of(disk));
  check_rest(whole, {"a bad sector", {}, harmed}, f);
}

TEST_CASE("fsck: damage in the journal is told with the message that it hit, from whom and to whom") {
  const WholeSpool whole;
  SpoolFixture f;
  const RecordHeader damaged = fill_with_damage(f.disk, whole);
  const auto report = examine(f.disk, "/spool");
  REQUIRE(report);
  CHECK_THAT(said(*report), Catch::Contains("message " + QueueId{damaged.id}.to_string() +
                                            " from <a@example.com> to <b@example.org>, <c@example.net> is lost"));
}

TEST_CASE("fsck: an empty segment and a journal without any are noted") {
  const WholeSpool whole;
  SpoolFixture f;
  fill(f.disk, whole.files);
  const auto last = std::prev(whole.files.find("/spool/lock"))->first;
  f.disk.replace(last, "");
  CHECK_THAT(said(*examine(f.disk, "/spool")), Catch::Contains(last + " is empty"));
  for (const auto& [file, bytes] : whole.files)
    if (is_segment(file)) REQUIRE(f.disk.remove(file));
  CHECK_THAT(said(*examine(f.disk, "/spool")), Catch::Contains("has no segment"));
}

TEST_CASE("fsck: a damaged message is told with its sender, its recipients and where its content lies") {
  const WholeSpool whole;
  SpoolFixture f;
  const RecordHeader damaged = fill_with_damage(f.disk, whole);
  const auto report = repair(f.disk, "/spool");
  REQUIRE(report);
  INFO(said(*report));
  REQUIRE(report->quarantine.size() == 1);
  const auto& message = report->quarantine[0];
  CHECK(message.id.value == damaged.id);
  CHECK(message.sender == "a@example.com");
  CHECK(message.recipients == std::vector<std::string>{"b@example.org", "c@example.net"});
  CHECK_FALSE(message.is_whole);
  CHECK(f.disk.content(message.file.string()).substr(message.begin, message.size).starts_with("Sub?ect"));
}

TEST_CASE("fsck: no octet of damaged mail is removed") {
  const WholeSpool whole;
  for (const auto& harm : harms(whole)) {
    INFO(harm.name);
    SpoolFixture f;
    fill(f.disk, harm.files);
    REQUIRE(repair(f.disk, "/spool"));
    for (const char c : {'a', 'b', 'c', 'd', 'x', 'y', 'z', 'q'}) CHECK(is_kept(f.disk, std::string(140, c)));
  }
}

TEST_CASE("fsck: a loss of power at any operation of the repairing loses nothing, and it can be done again") {
  const WholeSpool whole;
  std::size_t cuts = 0;
  for (const auto& harm : harms(whole)) {
    SpoolFixture measure;
    fill(measure.disk, harm.files);
    REQUIRE(measure.disk.sync_all("/spool"));
    const auto first = measure.disk.operations();
    REQUIRE(repair(measure.disk, "/spool"));
    const auto operations = measure.disk.operations() - first;
    for (std::uint64_t n = 1; n <= operations; n += 1 + damage_stride() / 8) {
      for (const auto cut : {Cut::nothing, Cut::subset}) {
        INFO(harm.name << ", operation " << n);
        SpoolFixture f;
        fill(f.disk, harm.files);
        REQUIRE(f.disk.sync_all("/spool"));
        f.disk.cut_at(f.disk.operations() + n);
        (void)repair(f.disk, "/spool");
        f.disk.restart(cut, n);
        const auto again = repair(f.disk, "/spool");
        REQUIRE(again);
        INFO(said(*again));
        CHECK(again->is_clean());
        check_rest(whole, harm, f);
        ++cuts;
      }
    }
  }
  CHECK(cuts > 100);
}

TEST_CASE("fsck: does nothing while a daemon has the spool, and names it") {
  SpoolFixture f;
  REQUIRE(f.open());
  for (auto* run : {examine, repair}) {
    const auto report = run(f.disk, "/spool");
    REQUIRE_FALSE(report);
    CHECK(report.error().is_transient());
    CHECK_THAT(report.error().message, Catch::Contains("in use by process"));
  }
}

TEST_CASE("fsck: a spool of a newer version is not touched, and where none is none is made") {
  const WholeSpool whole;
  SpoolFixture f;
  CHECK_FALSE(repair(f.disk, "/spool"));
  CHECK(f.disk.files().empty());
  fill(f.disk, whole.files);
  f.disk.replace("/spool/format", "mxpress spool 2\n");
  const auto before = files_of(f.disk);
  const auto report = repair(f.disk, "/spool");
  REQUIRE_FALSE(report);
  CHECK_THAT(report.error().message, Catch::Contains("newer version"));
  CHECK(files_of(f.disk) == before);
}

}  // namespace
}  // namespace mxpress::queue
