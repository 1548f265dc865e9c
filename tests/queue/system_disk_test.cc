// The disk of the operating system, and the spool on it with its own threads.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "queue/message_file.h"
#include "tests/queue/spool_fixture.h"
#include "tests/support/temp_folder.h"

namespace mxpress::queue {
namespace {

using namespace std::chrono_literals;

unsigned mode_of(const Path& path) {
  struct stat info{};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

// The result of a callback on the committer's thread; a test that waits longer has failed.
template <class T>
T await(std::future<T> future) {
  if (future.wait_for(30s) != std::future_status::ready) throw std::runtime_error("never answered");
  return future.get();
}

std::future<Result<QueueId>> store(Spool& spool, NewMessage message) {
  const auto promise = std::make_shared<std::promise<Result<QueueId>>>();  // shared with the callback, which std::function copies
  spool.store(std::move(message), [promise](Result<QueueId> id) { promise->set_value(std::move(id)); });
  return promise->get_future();
}

std::function<void(Status)> into(const std::shared_ptr<std::promise<Status>>& promise) {
  return [promise](Status status) { promise->set_value(std::move(status)); };
}

Status settle(Spool& spool, Settlement settlement) {
  const auto promise = std::make_shared<std::promise<Status>>();
  spool.settle(std::move(settlement), into(promise));
  return await(promise->get_future());
}

std::string text_of(unsigned number, std::size_t size) {
  std::string text = "Subject: " + std::to_string(number) + "\r\n\r\n";
  while (text.size() < size) text += std::to_string(number * 7919 + text.size()) + "\r\n";
  return text;
}

struct RealSpool {
  test::TempFolder folder;
  SystemDisk disk;
  SpoolOptions options;
  std::unique_ptr<Spool> spool;
  std::map<QueueId, Message> found;

  RealSpool() {
    options.directory = folder.path() / "spool";
    options.segment_size = 256 * 1024;
    options.reserve_bytes = 0;
    options.reserve_inodes = 0;
    options.report = [](const std::string&) {};
    options.note = options.report;
    open();
  }

  void open() {
    spool.reset();
    auto opened = Spool::open(disk, options);
    INFO((opened ? "" : opened.error().message));
    REQUIRE(opened);
    spool = std::move(*opened);
    found.clear();
    REQUIRE(spool->recover([this](const Message& message) { found.emplace(message.id, message); }, [](const SiteRecord&) {}));
  }
};

TEST_CASE("system disk: files are for their owner alone, and nothing that is no regular file is opened") {
  const test::TempFolder folder;
  SystemDisk disk;
  REQUIRE(disk.make_folder(folder.path() / "inner"));
  CHECK(mode_of(folder.path() / "inner") == 0700);
  CHECK(disk.make_folder(folder.path() / "inner"));
  const Path file = folder.path() / "file";
  REQUIRE(disk.open(file, Open::create));
  CHECK(mode_of(file) == 0600);
  CHECK_FALSE(disk.open(file, Open::create));
  CHECK_FALSE(disk.open(folder.path() / "absent", Open::read));
  CHECK_FALSE(disk.make_folder(file));
  boost::filesystem::create_symlink(file, folder.path() / "link");
  REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  for (const char* name : {"link", "pipe", "inner"})
    for (const auto mode : {Open::read, Open::write, Open::open_or_create}) {
      INFO(name);
      const auto opened = disk.open(folder.path() / name, mode);
      REQUIRE_FALSE(opened);
      CHECK(opened.error().is_transient());
      CHECK_THAT(opened.error().message, Catch::Contains((folder.path() / name).string()));
    }
}

TEST_CASE("system disk: a write of many pieces is read back in order, from any offset") {
  const test::TempFolder folder;
  SystemDisk disk;
  auto file = std::move(disk.open(folder.path() / "f", Open::create)).value();
  std::vector<std::string> texts;
  std::string whole;
  for (unsigned i = 0; i < 1500; ++i) whole += texts.emplace_back(i % 5, static_cast<char>('a' + i % 26));
  REQUIRE(file->write_at(10, {texts.begin(), texts.end()}));
  REQUIRE(file->sync());
  CHECK(*file->size() == 10 + whole.size());
  CHECK(*read_exactly(*file, 10, whole.size()) == whole);
  CHECK(*read_exactly(*file, 110, 50) == whole.substr(100, 50));
  CHECK_FALSE(read_exactly(*file, 10, whole.size() + 1));
  CHECK_FALSE(read_whole(*file, whole.size()));
  REQUIRE(file->truncate(12));
  REQUIRE(file->allocate(5000));
  CHECK(*read_whole(*file, 5000) == std::string(10, '\0') + whole.substr(0, 2) + std::string(4988, '\0'));
}

TEST_CASE("system disk: a listing is sorted and tells files, folders and the rest apart") {
  const test::TempFolder folder;
  SystemDisk disk;
  REQUIRE(disk.open(folder.path() / "b", Open::create));
  REQUIRE(disk.make_folder(folder.path() / "c"));
  boost::filesystem::create_symlink("b", folder.path() / "a");
  const auto entries = disk.list(folder.path());
  REQUIRE(entries);
  REQUIRE(entries->size() == 3);
  CHECK((entries->at(0).name == "a" && entries->at(0).kind == FolderEntry::Kind::other));
  CHECK((entries->at(1).name == "b" && entries->at(1).kind == FolderEntry::Kind::file));
  CHECK((entries->at(2).name == "c" && entries->at(2).kind == FolderEntry::Kind::folder));
  REQUIRE(disk.rename(folder.path() / "b", folder.path() / "d"));
  CHECK_FALSE(*disk.exists(folder.path() / "b"));
  REQUIRE(disk.remove(folder.path() / "d"));
  CHECK_FALSE(disk.remove(folder.path() / "d"));
  CHECK(*disk.exists(folder.path() / "a"));  // the link itself
  CHECK(disk.sync_folder(folder.path()));
  CHECK(disk.sync_all(folder.path()));
  CHECK(disk.room(folder.path())->bytes > 0);
}

TEST_CASE("system disk: a shared lock excludes an exclusive one, and closing lets go") {
  const test::TempFolder folder;
  SystemDisk disk;
  const Path path = folder.path() / "lock";
  auto first = std::move(disk.open(path, Open::open_or_create)).value();
  const auto second = std::move(disk.open(path, Open::open_or_create)).value();
  CHECK(*first->try_lock(Lock::shared));
  CHECK(*second->try_lock(Lock::shared));
  CHECK_FALSE(*second->try_lock(Lock::exclusive));
  first.reset();
  CHECK(*second->try_lock(Lock::exclusive));
}

TEST_CASE("real spool: what many threads store while a batch is being committed shares the next sync") {
  RealSpool s;
  const auto before = s.spool->counters().syncs;
  std::promise<void> all_wait;
  std::promise<Result<QueueId>> first;
  // The committer's own thread waits in this answer until all others have come.
  s.spool->store(new_message(), [&first, go = all_wait.get_future().share()](Result<QueueId> id) {
    go.wait_for(30s);
    first.set_value(std::move(id));
  });
  std::vector<std::vector<std::future<Result<QueueId>>>> answers(8);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < answers.size(); ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 25; ++i) answers[t].push_back(store(*s.spool, new_message({"b@example.org"}, text_of(t * 25 + i, 500))));
    });
  for (auto& thread : threads) thread.join();
  all_wait.set_value();
  REQUIRE(await(first.get_future()));
  std::set<QueueId> ids;
  for (auto& of_thread : answers)
    for (auto& answer : of_thread) {
      const auto id = await(std::move(answer));
      REQUIRE(id);
      ids.insert(*id);
    }
  CHECK(ids.size() == 200);
  CHECK(s.spool->counters().stored == 201);
  CHECK(s.spool->counters().syncs <= before + 2);  // one when the first had not been taken before the others came
  s.open();
  CHECK(s.found.size() == 201);
}

TEST_CASE("real spool: threads that store, settle and end messages while the journal is shortened find all again after a restart") {
  RealSpool s;
  s.options.journal_size = 512 * 1024;
  s.open();
  std::map<QueueId, unsigned> kept;
  std::mutex mutex;
  std::atomic<unsigned> refused = 0;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 60; ++i) {
        const unsigned number = t * 60 + i;
        const auto id = await(store(*s.spool, new_message({"b@example.org"}, text_of(number, 8000))));
        if (!id) {
          ++refused;
          continue;
        }
        const bool delivered = i % 3 == 0;
        s.spool->settle(settlement(*id, 0, delivered ? RecipientStage::delivered : RecipientStage::pending, "4xx"), nullptr);
        const std::lock_guard lock(mutex);
        if (!delivered) kept.emplace(*id, number);
      }
    });
  for (auto& thread : threads) thread.join();
  REQUIRE(refused == 0);
  s.open();
  CHECK(s.spool->counters().corrupt == 0);
  REQUIRE(s.found.size() == kept.size());
  for (const auto& [id, number] : kept) {
    REQUIRE(s.found.contains(id));
    CHECK(s.found.at(id).recipients[0].last->text == "4xx");
    CHECK(read_all(*s.found.at(id).content) == text_of(number, 8000));
  }
}

TEST_CASE("real spool: large content and its end leave no file behind") {
  RealSpool s;
  auto message = new_message({"b@example.org"}, "");
  message.large = std::move(s.spool->open_large()).value();
  const std::string text = text_of(1, 1'500'000);
  REQUIRE(message.large->append(text));
  const auto id = await(store(*s.spool, std::move(message)));
  REQUIRE(id);
  s.open();
  REQUIRE(s.found.contains(*id));
  CHECK(read_all(*s.found.at(*id).content) == text);
  const Path path = Paths{s.options.directory}.file(*id);
  CHECK(boost::filesystem::exists(path));
  REQUIRE(settle(*s.spool, settlement(*id, 0, RecipientStage::delivered)));
  s.open();
  CHECK(s.found.empty());
  CHECK_FALSE(boost::filesystem::exists(path));
}

TEST_CASE("real spool: a settlement nobody else hurries along is durable within its second") {
  RealSpool s;
  const auto id = await(store(*s.spool, new_message()));
  REQUIRE(id);
  CHECK(settle(*s.spool, settlement(*id, 0, RecipientStage::delivered)));
  CHECK(s.spool->ids(false).empty());
}

TEST_CASE("real spool: a second one on the same folder is refused with the number of the process that has it") {
  RealSpool s;
  const auto second = Spool::open(s.disk, s.options);
  REQUIRE_FALSE(second);
  CHECK(second.error().is_transient());
  CHECK_THAT(second.error().message, Catch::Contains("in use by process " + std::to_string(::getpid())));
  s.spool.reset();
  CHECK(Spool::open(s.disk, s.options));
}

}  // namespace
}  // namespace mxpress::queue
