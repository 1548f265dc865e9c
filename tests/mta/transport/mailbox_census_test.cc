// The census of the local mailbox: correct, without listing the folders for each message.
#include "mta/transport/mailbox_census.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "mta/transport/local_mailbox.h"
#include "tests/support/fake_control.h"
#include "tests/support/temp_folder.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::mta::transport;
using namespace std::chrono_literals;
namespace fs = boost::filesystem;

namespace {

proto::QueueId id(std::uint64_t number) { return proto::QueueId{number}; }

// A Maildir whose listings are counted, and whose folders change their times as the test says.
struct World {
  test::TempFolder folder;
  testing::VirtualTime time;
  asio::io_context io;
  int listings = 0;
  std::time_t moment = 1'000;
  MailboxCensus census{folder.path(), [this](const fs::path& path, const auto& visit) {
                         ++listings;
                         MailboxCensus::list_folder(path, visit);
                       }};

  World() {
    for (const char* name : {"new", "cur"}) fs::create_directory(folder.path() / name);
  }
  void write(const std::string& place, const std::string& text) {
    std::ofstream(fs::path(folder.path() / place).string()) << text;
    touch(fs::path(place).parent_path().string());
  }
  void remove(const std::string& place) {
    fs::remove(folder.path() / place);
    touch(fs::path(place).parent_path().string());
  }
  void touch(const std::string& name) {
    const timespec times[2] = {{++moment, 0}, {moment, 0}};
    REQUIRE(::utimensat(AT_FDCWD, (folder.path() / name).c_str(), times, 0) == 0);
  }
  void pass(std::chrono::seconds duration) { time.run_for(io, duration); }
  void deliver(std::uint64_t number) {
    const auto put_there = [&] {
      write("new/" + id(number).to_string() + ".mxpress", "12345");
      return Status();
    };
    REQUIRE(census.add(id(number), 5, put_there));
  }
};

}  // namespace

TEST_CASE("mailbox census: a thousand deliveries over hours list the folders once") {
  World world;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    CHECK_FALSE(world.census.has(id(i)));
    world.deliver(i);
    world.pass(10s);
    CHECK(world.census.use().messages == i);
  }
  CHECK(world.census.use().octets == 5000);
  CHECK(world.listings == 2);  // new/ and cur/
}

TEST_CASE("mailbox census: what lies there at the start is counted and known, in new/ and in cur/") {
  World world;
  world.write("new/" + id(7).to_string() + ".mxpress", "1234");
  world.write("cur/" + id(8).to_string() + ".mxpress:2,S", "123456");
  world.write("cur/somebody-elses", "1");
  CHECK(world.census.use().messages == 3);
  CHECK(world.census.use().octets == 11);
  CHECK(world.census.has(id(7)));
  CHECK(world.census.has(id(8)));
  CHECK_FALSE(world.census.has(id(9)));
}

TEST_CASE("mailbox census: what a reader deletes is noticed, with a minute between two listings") {
  World world;
  for (std::uint64_t i = 1; i <= 10; ++i) world.deliver(i);
  CHECK(world.census.use().messages == 10);
  world.pass(61s);
  world.remove("new/" + id(3).to_string() + ".mxpress");
  CHECK(world.census.use().messages == 9);
  const int before = world.listings;
  for (int i = 4; i <= 9; ++i) {
    world.remove("new/" + id(static_cast<std::uint64_t>(i)).to_string() + ".mxpress");
    world.census.use();
    world.pass(5s);
  }
  CHECK(world.listings <= before);
  world.pass(61s);
  CHECK(world.census.use().messages == 3);
}

TEST_CASE("mailbox census: a letter that comes soon after a deletion does not hide the deletion") {
  World world;
  for (std::uint64_t i = 1; i <= 10; ++i) world.deliver(i);
  CHECK(world.census.use().messages == 10);
  world.remove("new/" + id(3).to_string() + ".mxpress");
  world.deliver(11);
  world.pass(61s);
  CHECK(world.census.use().messages == 10);
  CHECK(world.census.use().octets == 50);
}

TEST_CASE("mailbox census: a mailbox that seems full is listed though its times tell of no change, with a minute between two listings") {
  World world;
  for (std::uint64_t i = 1; i <= 10; ++i) world.deliver(i);
  CHECK(world.census.use().messages == 10);
  fs::remove(world.folder.path() / "new" / (id(3).to_string() + ".mxpress"));
  --world.moment;
  world.touch("new");
  world.pass(61s);
  CHECK(world.census.use().messages == 10);
  CHECK(world.census.use_if_full().messages == 9);
  const int before = world.listings;
  world.pass(30s);
  CHECK(world.census.use_if_full().messages == 9);
  CHECK(world.listings == before);
}

TEST_CASE("mailbox census: a message that a reader has moved to cur/ is not delivered again") {
  World world;
  world.deliver(1);
  fs::rename(world.folder.path() / ("new/" + id(1).to_string() + ".mxpress"),
             world.folder.path() / ("cur/" + id(1).to_string() + ".mxpress:2,"));
  world.touch("new");
  world.touch("cur");
  CHECK(world.census.has(id(1)));
  world.pass(61s);
  CHECK(world.census.has(id(1)));
  CHECK(world.census.use().messages == 1);
}

TEST_CASE("mailbox census: the limit holds for letters that come after it was counted, and one id makes one copy") {
  const test::TempFolder folder;
  const fs::path maildir = folder.path() / "mailbox";
  queue::Message message;
  message.envelope.reverse_path = proto::ReversePath();
  message.content = std::make_shared<testing::TextContent>("Subject: hi\r\n\r\nhello\r\n");
  const std::uint64_t room = 3 * message.content->size();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    message.id = id(i);
    REQUIRE(deliver_to_mailbox(maildir, room, message, "root"));
    REQUIRE(deliver_to_mailbox(maildir, room, message, "root"));
  }
  CHECK(mailbox_use(maildir).messages == 3);
  message.id = id(4);
  CHECK_FALSE(deliver_to_mailbox(maildir, room, message, "root"));
  message.id = id(2);
  CHECK(deliver_to_mailbox(maildir, room, message, "root"));
}
