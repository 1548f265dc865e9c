// fsck: says what is damaged, mends it without losing an octet, and says the second time that all is well.
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

// A message in the journal behind which more was acknowledged.
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

// Places where the damage is certain to be of something acknowledged.
struct Harm {
  std::string name;
  Files files;
  std::set<std::string> victims;  // messages that may be gone or changed
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
    add("the content of a message file", path, kRecordHeader + 3, "????");
    if (const auto state = bytes.rfind("452 second"); state != std::string::npos) add("a state in a message file", path, state, "????");
  }
  Harm swapped{"two messages under each other's names", whole.files, {}};
  std::swap(swapped.files[find(whole.files, is_message_file, 0)], swapped.files[find(whole.files, is_message_file, 1)]);
  swapped.victims = {name_of(find(whole.files, is_message_file, 0)), name_of(find(whole.files, is_message_file, 1))};
  out.push_back(std::move(swapped));
  Harm moved{"a message under a free name", whole.files, {}};
  const auto path = find(whole.files, is_message_file);
  moved.files["/spool/messages/77/" + QueueId{(std::uint64_t{1} << 40) + 0x77}.to_string()] = moved.files[path];
  moved.files.erase(path);
  out.push_back(std::move(moved));
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

// Everything that is not the victim's is as it was; no message came up that never was.
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

// Every octet that was not whole is somewhere in corrupt/, or still in its place.
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

TEST_CASE("fsck: every damage is told, mended, and gone the second time; the rest of the mail is as it was") {
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
    const auto mended = mend(f.disk, "/spool");
    REQUIRE(mended);
    INFO(said(*mended));
    CHECK(mended->is_clean());
    CHECK(mended->count(Kind::mended) > 0);
    const auto after = files_of(f.disk);
    const auto again = examine(f.disk, "/spool");
    REQUIRE(again);
    INFO(said(*again));
    CHECK(again->is_clean());
    CHECK(mend(f.disk, "/spool")->count(Kind::mended) == 0);
    CHECK(files_of(f.disk) == after);
    check_rest(whole, harm, f);
    const bool has_mark =
        std::any_of(harm.files.begin(), harm.files.end(), [](const auto& file) { return file.second.find("????") != std::string::npos; });
    CHECK((!has_mark || is_kept(f.disk, "????")));
  }
}

TEST_CASE("fsck: a damaged message is told with its sender, its recipients and where its content lies") {
  const WholeSpool whole;
  SpoolFixture f;
  fill(f.disk, whole.files);
  const auto path = find(whole.files, is_message_file, 1);
  auto bytes = whole.files.at(path);
  bytes[kRecordHeader + 3] = '?';
  f.disk.replace(path, bytes);
  const auto report = mend(f.disk, "/spool");
  REQUIRE(report);
  INFO(said(*report));
  REQUIRE(report->quarantine.size() == 1);
  const auto& message = report->quarantine[0];
  CHECK(message.id.to_string() == name_of(path));
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
    REQUIRE(mend(f.disk, "/spool"));
    for (const char c : {'a', 'b', 'c', 'd', 'x', 'y', 'z', 'q'}) CHECK(is_kept(f.disk, std::string(140, c)));
  }
}

TEST_CASE("fsck: a loss of power at any operation of the mending loses nothing, and it can be done again") {
  const WholeSpool whole;
  std::size_t cuts = 0;
  for (const auto& harm : harms(whole)) {
    SpoolFixture measure;
    fill(measure.disk, harm.files);
    REQUIRE(measure.disk.sync_all("/spool"));
    const auto first = measure.disk.operations();
    REQUIRE(mend(measure.disk, "/spool"));
    const auto operations = measure.disk.operations() - first;
    for (std::uint64_t n = 1; n <= operations; n += 1 + damage_stride() / 8) {
      for (const auto cut : {Cut::nothing, Cut::subset}) {
        INFO(harm.name << ", operation " << n);
        SpoolFixture f;
        fill(f.disk, harm.files);
        REQUIRE(f.disk.sync_all("/spool"));
        f.disk.cut_at(f.disk.operations() + n);
        (void)mend(f.disk, "/spool");
        f.disk.restart(cut, n);
        const auto again = mend(f.disk, "/spool");
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
  for (auto* run : {examine, mend}) {
    const auto report = run(f.disk, "/spool");
    REQUIRE_FALSE(report);
    CHECK(report.error().is_transient());
    CHECK_THAT(report.error().message, Catch::Contains("in use by process"));
  }
}

TEST_CASE("fsck: a spool of a newer version is not touched, and where none is none is made") {
  const WholeSpool whole;
  SpoolFixture f;
  CHECK_FALSE(mend(f.disk, "/spool"));
  CHECK(f.disk.files().empty());
  fill(f.disk, whole.files);
  f.disk.replace("/spool/format", "mxpress spool 2\n");
  const auto before = files_of(f.disk);
  const auto report = mend(f.disk, "/spool");
  REQUIRE_FALSE(report);
  CHECK_THAT(report.error().message, Catch::Contains("newer version"));
  CHECK(files_of(f.disk) == before);
}

}  // namespace
}  // namespace mxpress::queue
