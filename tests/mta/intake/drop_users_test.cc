// The drop folder while users whom a file names are looked up.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <future>

#include "mta/intake/drop_folder.h"
#include "mta/intake/drop_session.h"
#include "mta/system/user_lookup.h"
#include "tests/support/server_house.h"

namespace mxpress::mta::intake {
namespace {

namespace fs = boost::filesystem;
using system::UserAnswer;

struct Folder {
  explicit Folder(system::UserLookup& users) {
    Config base;
    base.hostname = "mx.example";
    base.local_domains = {proto::Domain::parse("mx.example").value()};
    base.spool_directory = scratch.path();
    path = base.drop_directory();
    fs::create_directories(path);
    config = std::make_unique<CurrentConfig>(base);
    context.reset(new Context{*config, spool, events.hub(),
                              [this](queue::QueueId id, const proto::Envelope& envelope) { deliverer.admit(id, envelope); }});
    context->users = &users;
    drop = std::make_unique<DropFolder>(*context);
  }

  // As sendmail does.
  fs::path put_as(uid_t owner, char digit, const std::string& text) const {
    const fs::path file = path / std::string(32, digit), part = file.string() + ".part";
    std::ofstream(part.string()) << text;
    REQUIRE(::chown(part.c_str(), owner, static_cast<gid_t>(-1)) == 0);
    fs::rename(part, file);
    return file;
  }

  testing::ScratchFolder scratch;
  testing::FakeSpool spool;
  testing::LoggingHub events;
  testing::FakeDeliverer deliverer;
  fs::path path;
  std::unique_ptr<CurrentConfig> config;
  std::unique_ptr<Context> context;
  std::unique_ptr<DropFolder> drop;
};

std::string letter_to(const std::vector<std::string>& users) {
  std::string commands = "MAIL FROM:<root>\r\n";
  for (const std::string& user : users) commands += "RCPT TO:<" + user + ">\r\n";
  return commands + "DATA\r\n\r\nx\r\n.\r\n";
}

TEST_CASE("drop folder: while users whom a file names are looked up, the files of another owner are taken in") {
  if (::geteuid() != 0) return;  // only root may give files away
  std::promise<void> asked, release;
  const std::shared_future<void> released = release.get_future().share();
  system::UserLookup users(
      [released, &asked](const std::string& name) {
        if (name == "unknown1") asked.set_value();
        if (name.starts_with("unknown")) released.wait();
        return name.starts_with("unknown") ? UserAnswer::unknown : UserAnswer::known;
      },
      std::chrono::hours(1));
  Folder folder(users);
  folder.put_as(4321, 'a', letter_to({"unknown1", "unknown2", "unknown3"}));
  REQUIRE(folder.drop->start());
  asked.get_future().wait();
  folder.put_as(4322, 'b', letter_to({"somebody"}));
  REQUIRE(folder.spool.wait_for(1));
  CHECK(folder.spool.kept()[0].message.envelope.submitter.uid == 4322);
  release.set_value();
  CHECK(folder.spool.wait_for(2));
  folder.drop->stop();
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE("drop folder: at the end of the daemon no more users are looked up, and the file stays for the next start") {
  std::atomic<bool> is_ending = false;
  std::atomic<int> asked = 0;
  system::UserLookup users([&](const std::string&) {
    is_ending = ++asked == 3;
    return UserAnswer::unknown;
  });
  Folder folder(users);
  const fs::path path = folder.put_as(::geteuid(), 'a', letter_to({"a", "b", "c", "d", "e", "f"}));
  system::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  asio::io_context io(1);
  DropVerdict verdict;
  asio::co_spawn(io, take_drop_file(*folder.context, std::move(file), fs::file_size(path), {}, &is_ending),
                 [&](std::exception_ptr, DropVerdict found) { verdict = std::move(found); });
  io.run();
  CHECK(verdict.reply.code == 451);
  CHECK(asked == 3);
  CHECK(folder.spool.kept().empty());
}

}  // namespace
}  // namespace mxpress::mta::intake
