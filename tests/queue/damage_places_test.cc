// FIFOs, links, folders, sockets, strange names and huge files at every place of a spool on the real disk: the daemon's start neither hangs
// nor leaves the spool, and mail in all other files is found. Causes that prevent the start are reported, and repaired by fsck.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <cstring>
#include <sstream>

#include "queue/fsck.h"
#include "tests/queue/damaged_spool.h"
#include "tests/support/temp_folder.h"

namespace mxpress::queue {
namespace {

namespace fs = boost::filesystem;

void write_text(const Path& file, const std::string& text) { fs::ofstream(file, std::ios::binary) << text; }

std::string read_text(const Path& file) {
  std::ostringstream text;
  text << fs::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

void put_fifo(const Path& at) { REQUIRE(::mkfifo(at.c_str(), 0600) == 0); }
void put_folder(const Path& at) {
  fs::create_directory(at);
  write_text(at / "inside", "x");
}
void put_socket(const Path& at) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(at.string().size() < sizeof address.sun_path);
  std::strcpy(address.sun_path, at.c_str());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(fd);
}
void put_dangling_link(const Path& at) { fs::create_symlink("/nowhere/at/all", at); }
void put_unreadable(const Path& at) {
  write_text(at, "secret");
  REQUIRE(::chmod(at.c_str(), 0) == 0);
}

// Things that may be in the place of a file or folder.
const std::map<std::string, void (*)(const Path&)> kThings = {{"FIFO", put_fifo},
                                                              {"folder", put_folder},
                                                              {"socket", put_socket},
                                                              {"dangling link", put_dangling_link},
                                                              {"unreadable file", put_unreadable}};

// The same spool as elsewhere, on the real disk.
struct OnDisk {
  explicit OnDisk(const WholeSpool& whole) : root(folder.path() / "spool") {
    for (const auto& [path, bytes] : whole.files) {
      const Path to = folder.path() / path.substr(1);
      fs::create_directories(to.parent_path());
      write_text(to, bytes);
    }
    fs::create_directories(root / "incoming");
    fs::create_directories(root / "corrupt");
    options.directory = root;
    options.segment_size = 16 * 1024;
    options.reserve_bytes = options.reserve_inodes = 0;
    options.report = [this](std::string what) { reports.push_back(std::move(what)); };
    options.note = options.report;
  }

  Status open() {
    spool.reset();
    auto opened = SteppedSpool::open(disk, options);
    if (!opened) return opened.error();
    spool = std::move(*opened);
    return spool->recover([](const Message&) {}, [](const SiteRecord&) {});
  }
  std::set<std::string> ids() const {
    std::set<std::string> out;
    for (const auto id : spool->ids(true)) out.insert(id.to_string());
    return out;
  }
  bool can_store() const {
    bool stored = false;
    spool->store(new_message(), [&](Result<QueueId> id) { stored = id.ok(); });
    while (spool->commit_batch()) {
    }
    return stored;
  }

  test::TempFolder folder;
  const Path root;
  SystemDisk disk;
  SpoolOptions options;
  std::vector<std::string> reports;
  std::unique_ptr<SteppedSpool> spool;
};

std::set<std::string> ids_of(const WholeSpool& whole) {
  std::set<std::string> out;
  for (const auto& [id, told] : whole.messages) out.insert(id);
  return out;
}

std::set<std::string> waiting_in(const WholeSpool& whole) {
  std::set<std::string> out;
  for (const auto& [id, content] : whole.contents) out.insert(id);
  return out;
}

std::set<std::string> without(std::set<std::string> all, const std::set<std::string>& some) {
  for (const auto& id : some) all.erase(id);
  return all;
}

bool includes_all(const std::set<std::string>& all, const std::set<std::string>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

bool is_root() { return ::geteuid() == 0; }

TEST_CASE("damage places: whatever lies in the place of a file of the spool, the rest of the mail comes back, at once or after fsck") {
  const WholeSpool whole;
  for (const auto& [path, bytes] : whole.files) {
    for (const auto& [thing, put] : kThings) {
      if (is_root() && thing == "unreadable file") continue;  // root can read everything
      INFO(path << " is a " << thing);
      OnDisk s(whole);
      const Path at = s.folder.path() / path.substr(1);
      fs::remove(at);
      put(at);
      const auto rest = without(ids_of(whole), whole.touched(path, 0, bytes.size()));
      if (const auto opened = s.open(); opened) {
        CHECK(includes_all(s.ids(), rest));
        CHECK(s.can_store());
      } else {
        CHECK_THAT(opened.error().message, Catch::Contains(s.root.string()));
      }
      s.spool.reset();
      const auto repaired = repair(s.disk, s.root);
      if (thing == "unreadable file" && path == "/spool/lock") {  // it is unknown who has the spool
        CHECK_FALSE(repaired);
        continue;
      }
      if (!repaired) FAIL(repaired.error().message);
      INFO((repaired->findings.empty() ? "nothing found" : repaired->findings.back().text));
      if (thing == "unreadable file" && is_message_file(path)) {  // it stays for a user who may read it
        CHECK(repaired->count(FsckFinding::Kind::unrepaired) == 1);
        CHECK(fs::exists(at));
        continue;
      }
      CHECK(repaired->is_clean());
      REQUIRE(s.open());
      CHECK(includes_all(s.ids(), without(waiting_in(whole), whole.touched(path, 0, bytes.size()))));
      CHECK(s.can_store());
      CHECK(s.spool->counters().corrupt == 0);
      s.spool.reset();
      const auto again = examine(s.disk, s.root);
      REQUIRE(again);
      INFO((again->findings.empty() ? "" : again->findings.back().text));
      CHECK(again->is_clean());
      CHECK(fs::symlink_status(at).type() != fs::fifo_file);
    }
  }
}

TEST_CASE("damage places: whatever lies in the place of a folder of the spool is said, and repaired by fsck") {
  const WholeSpool whole;
  for (const std::string name : {"journal", "messages", "incoming", "corrupt", "messages/01"}) {
    for (const auto& [thing, put] : kThings) {
      if (thing == "folder" || thing == "unreadable file") continue;
      INFO(name << " is a " << thing);
      OnDisk s(whole);
      fs::remove_all(s.root / name);
      put(s.root / name);
      if (const auto opened = s.open(); !opened) CHECK_THAT(opened.error().message, Catch::Contains((s.root / name).string()));
      s.spool.reset();
      const auto repaired = repair(s.disk, s.root);
      if (!repaired) FAIL(repaired.error().message);
      CHECK(repaired->is_clean());
      CHECK(repaired->count(FsckFinding::Kind::repaired) > 0);
      REQUIRE(s.open());
      CHECK(s.can_store());
    }
  }
}

TEST_CASE("damage places: a link in the spool is never followed out of it, neither to read nor to write") {
  const WholeSpool whole;
  for (const std::string name : {"journal", "messages", "incoming", "corrupt", "messages/01", "messages/02"}) {
    INFO(name);
    OnDisk s(whole);
    const auto outside = s.folder.path() / "outside";
    if (fs::exists(s.root / name))
      fs::rename(s.root / name, outside);
    else
      fs::create_directory(outside);
    write_text(outside / "1-9.part", "not ours");
    std::map<std::string, std::string> before;
    for (const auto& entry : fs::directory_iterator(outside))
      before[entry.path().string()] = fs::is_regular_file(entry.path()) ? read_text(entry.path()) : "";
    fs::create_directory_symlink(outside, s.root / name);
    (void)s.open();
    s.spool.reset();
    (void)repair(s.disk, s.root);
    (void)s.open();
    s.spool.reset();
    std::map<std::string, std::string> after;
    for (const auto& entry : fs::directory_iterator(outside))
      after[entry.path().string()] = fs::is_regular_file(entry.path()) ? read_text(entry.path()) : "";
    CHECK(after == before);
  }
}

TEST_CASE("damage places: a link in the place of a small file is not written through") {
  const WholeSpool whole;
  for (const std::string name : {"lock", "start", "age", "format"}) {
    INFO(name);
    OnDisk s(whole);
    const auto outside = s.folder.path() / "outside";
    const auto before = name == "format" ? whole.files.at("/spool/format") : std::string("precious");
    write_text(outside, before);
    fs::remove(s.root / name);
    fs::create_symlink(outside, s.root / name);
    (void)s.open();
    s.spool.reset();
    CHECK(read_text(outside) == before);
    REQUIRE(repair(s.disk, s.root));
    CHECK(read_text(outside) == before);
    REQUIRE(s.open());
  }
}

TEST_CASE("damage places: a link to an intact message of another spool is no message") {
  const WholeSpool whole;
  OnDisk s(whole);
  fs::create_directories(s.root / "messages" / "ff");
  const auto theirs = s.folder.path() / "theirs";
  for (const auto& [path, bytes] : whole.files)
    if (is_message_file(path)) write_text(theirs, bytes);
  const auto id = QueueId{(std::uint64_t{1} << 40) + 0xff}.to_string();
  fs::create_symlink(theirs, s.root / "messages" / "ff" / id);
  REQUIRE(s.open());
  CHECK(s.ids() == ids_of(whole));
}

TEST_CASE("damage places: foreign names are left alone, are cleaned where they are told, and are no damage") {
  const WholeSpool whole;
  OnDisk s(whole);
  for (const std::string folder : {"", "journal", "messages", "messages/01", "incoming"}) {
    for (const std::string& name :
         {std::string("\x1b[31mred\nline"), std::string(255, 'n'), std::string("README"), std::string("\xff\xfe")}) {
      write_text(s.root / folder / name, "kept");
    }
  }
  REQUIRE(s.open());
  CHECK(s.ids() == ids_of(whole));
  CHECK(s.spool->counters().corrupt == 0);
  s.spool.reset();
  CHECK(examine(s.disk, s.root)->is_clean());
  for (const auto& report : s.reports) CHECK(report.find_first_of("\x1b\n\xff") == std::string::npos);
  for (const std::string folder : {"", "journal", "messages", "messages/01", "incoming"})
    CHECK(read_text(s.root / folder / "README") == "kept");
}

TEST_CASE("damage places: a file of the spool with an endless hole at its end is read as far as it goes") {
  const WholeSpool whole;
  // One of each kind: half a gigabyte of zeros is searched.
  const auto segment = std::find_if(whole.files.begin(), whole.files.end(), [](const auto& file) { return is_segment(file.first); });
  const auto message = std::find_if(whole.files.begin(), whole.files.end(), [](const auto& file) { return is_message_file(file.first); });
  for (const auto& path : {segment->first, message->first}) {
    INFO(path);
    OnDisk s(whole);
    fs::resize_file(s.folder.path() / path.substr(1), std::uintmax_t{1} << 40);
    REQUIRE(s.open());
    CHECK(s.ids() == ids_of(whole));
  }
}

TEST_CASE("damage places: a segment under the highest of all numbers stops no mail once fsck has set it aside") {
  const WholeSpool whole;
  OnDisk s(whole);
  write_text(s.root / "journal" / "4294967295.log", "not of mxpress");
  const auto opened = s.open();
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error().message, Catch::Contains("4294967295.log"));
  CHECK(repair(s.disk, s.root)->is_clean());
  REQUIRE(s.open());
  CHECK(s.ids() == ids_of(whole));
  CHECK(s.can_store());
}

}  // namespace
}  // namespace mxpress::queue
