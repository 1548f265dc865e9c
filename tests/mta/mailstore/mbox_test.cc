// Appending to an mbox: quoting, odd files, locks, and the state after a failure or a kill.
#include "mta/mailstore/mbox.h"

#include <fcntl.h>
#include <lockfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>

#include "tests/mta/mailstore/some_mail.h"

using namespace mxpress;
using namespace mxpress::mta::mailstore;
using namespace mxpress::test;
using namespace std::chrono_literals;

namespace fs = boost::filesystem;

namespace {

struct House {
  TempFolder folder;
  fs::path box = folder.path() / "bob";
  MboxPlace place{folder.path().string(), "bob", ::geteuid(), 0ms};

  Status deliver(const Mail& mail, const FileCalls& calls = {}) { return append_to_mbox(place, mail, calls); }
  bool is_locked() const { return fs::exists(box.string() + ".lock"); }
  // Nothing was delivered, for that reason.
  void refuses(const std::string& why) {
    const Status status = deliver(SomeMail());
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().is_transient());
    CHECK_THAT(status.error().message, Catch::Contains(why));
  }
};

const std::string kStored = kFrontOfSomeMail + "Subject: hello\n\nHow are you?\n\n";
const std::string kBefore = "From x Tue Nov 14 22:13:20 2023\nSubject: before\n\nold\n\n";

// Calls fail from the Nth on, with that error.
int calls_left = 0;
int call_error = 0;
bool may_call() {
  if (calls_left-- > 0) return true;
  errno = call_error;
  return false;
}
// A failing write has written half before.
ssize_t failing_write(int file, const void* octets, std::size_t size) {
  if (calls_left > 0) return --calls_left, ::write(file, octets, size / 2 + 1);
  errno = call_error;
  return -1;
}
int failing_sync(int file) { return may_call() ? ::fsync(file) : -1; }
int failing_truncate(int, off_t) { return errno = EIO, -1; }

}  // namespace

TEST_CASE("mbox: a new mailbox is for its owner and group, and messages stand behind each other") {
  House house;
  REQUIRE(house.deliver(SomeMail()).ok());
  CHECK(octets_of(house.box) == kStored);
  CHECK(fs::status(house.box).permissions() == (fs::owner_read | fs::owner_write | fs::group_read | fs::group_write));
  REQUIRE(house.deliver(SomeMail("Subject: two\r\n\r\n")).ok());
  CHECK(octets_of(house.box) == kStored + kFrontOfSomeMail + "Subject: two\n\n\n");
  CHECK_FALSE(house.is_locked());
}

TEST_CASE("mbox: what another program left without its empty line gets it") {
  for (const std::string before : {"From x\n\nold", "From x\n\nold\n"}) {
    House house;
    put_octets(house.box, before);
    REQUIRE(house.deliver(SomeMail()).ok());
    CHECK(octets_of(house.box) == "From x\n\nold\n\n" + kStored);
  }
}

TEST_CASE("mbox: what is no ordinary file of the user's own is left alone") {
  House house;
  const fs::path other = house.folder.path() / "other";
  put_octets(other, "precious");
  SECTION("a symbolic link") {
    fs::create_symlink(other, house.box);
    house.refuses("symbolic link");
  }
  SECTION("a link that leads nowhere") {
    fs::create_symlink(house.folder.path() / "nothing", house.box);
    house.refuses("symbolic link");
    CHECK_FALSE(fs::exists(house.folder.path() / "nothing"));
  }
  SECTION("a hard link") {
    fs::create_hard_link(other, house.box);
    house.refuses("more than one name");
  }
  SECTION("a FIFO") {
    REQUIRE(::mkfifo(house.box.c_str(), 0660) == 0);
    house.refuses("no ordinary file");
  }
  SECTION("a folder") {
    fs::create_directory(house.box);
    house.refuses("directory");
  }
  SECTION("another owner") {
    if (::geteuid() != 0) return;
    put_octets(house.box, "theirs");
    REQUIRE(::chown(house.box.c_str(), 4711, 4711) == 0);
    house.refuses("belongs to another user");
    CHECK(octets_of(house.box) == "theirs");
  }
  CHECK(octets_of(other) == "precious");
}

TEST_CASE("mbox: a failure at any write or sync leaves the mailbox as it was") {
  const std::string body(200'000, 'x');
  for (const int error : {ENOSPC, EDQUOT, EIO})
    for (int good = 0; good < 6; ++good) {
      House house;
      put_octets(house.box, kBefore + "torn");
      calls_left = good;
      call_error = error;
      const Status status = house.deliver(SomeMail("Subject: a\r\n\r\n" + body), {failing_write, failing_sync});
      REQUIRE_FALSE(status.ok());
      CHECK_THAT(status.error().message, Catch::Contains(std::strerror(error)));
      CHECK(octets_of(house.box) == kBefore + "torn");
      CHECK_FALSE(house.is_locked());
    }
}

TEST_CASE("mbox: a failed sync takes the message back") {
  House house;
  put_octets(house.box, kBefore);
  calls_left = 0;
  call_error = EIO;
  CHECK_FALSE(house.deliver(SomeMail(), {::write, failing_sync}).ok());
  CHECK(octets_of(house.box) == kBefore);
}

TEST_CASE("mbox: what could not be taken back is said") {
  House house;
  put_octets(house.box, kBefore);
  calls_left = 1;
  call_error = ENOSPC;
  const Status status = house.deliver(SomeMail(), {failing_write, ::fsync, failing_truncate});
  REQUIRE_FALSE(status.ok());
  CHECK_THAT(status.error().message, Catch::Contains("a part of the message stays"));
}

TEST_CASE("mbox: a repetition goes on where a kill has ended the delivery, whatever place that was") {
  const std::string content = "Subject: a\r\n\r\nFrom x\r\n" + std::string(300'000, 'y') + "\r\nend\r\n";
  const SomeMail mail(content);
  House whole;
  put_octets(whole.box, kBefore);
  REQUIRE(whole.deliver(mail).ok());
  const std::string wanted = octets_of(whole.box);
  for (const std::size_t size : {std::size_t{6}, std::size_t{30}, kFrontOfSomeMail.size(), kFrontOfSomeMail.size() + 1, std::size_t{65'536},
                                 std::size_t{262'150}, wanted.size() - kBefore.size() - 1, wanted.size() - kBefore.size()}) {
    House house;
    put_octets(house.box, wanted.substr(0, kBefore.size() + size));
    REQUIRE(house.deliver(mail).ok());
    CHECK(octets_of(house.box) == wanted);
    put_octets(house.box, wanted.substr(kBefore.size(), size));
    REQUIRE(house.deliver(mail).ok());
    CHECK(octets_of(house.box) == wanted.substr(kBefore.size()));
  }
}

TEST_CASE("mbox: a repetition of what is there already writes nothing, also with another message behind it") {
  House house;
  const SomeMail mail;
  REQUIRE(house.deliver(mail).ok());
  REQUIRE(house.deliver(SomeMail("Subject: two\r\n\r\n")).ok());
  const std::string both = octets_of(house.box);
  REQUIRE(house.deliver(mail).ok());
  CHECK(octets_of(house.box) == both);
}

TEST_CASE("mbox: a torn message of another delivery stays, and the next one stands behind an empty line") {
  House house;
  const std::string torn = kBefore + kFrontOfSomeMail + "Subject: anoth";
  put_octets(house.box, torn);
  REQUIRE(house.deliver(SomeMail()).ok());
  CHECK(octets_of(house.box) == torn + "\n\n" + kStored);
}

TEST_CASE("mbox: a failure after a torn beginning takes that away, too") {
  House house;
  put_octets(house.box, kBefore + kStored.substr(0, kFrontOfSomeMail.size() + 3));
  calls_left = 1;
  call_error = ENOSPC;
  CHECK_FALSE(house.deliver(SomeMail(), {failing_write, ::fsync}).ok());
  CHECK(octets_of(house.box) == kBefore);
}

TEST_CASE("mbox: a mailbox that another process has locked is not written to") {
  House house;
  put_octets(house.box, kBefore);
  SECTION("by a dot-lock") {
    const std::string lock = house.box.string() + ".lock";
    REQUIRE(::lockfile_create(lock.c_str(), 0, L_PID) == L_SUCCESS);
    house.refuses(lock);
    ::lockfile_remove(lock.c_str());
  }
  SECTION("by fcntl") {
    int ready[2], done[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(done) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const int file = ::open(house.box.c_str(), O_RDWR);
      struct flock whole{};
      whole.l_type = F_WRLCK;
      char octet = ::fcntl(file, F_SETLK, &whole) == 0 ? 'y' : 'n';
      (void)!::write(ready[1], &octet, 1);
      (void)!::read(done[0], &octet, 1);
      ::_exit(0);
    }
    char octet = 0;
    REQUIRE(::read(ready[0], &octet, 1) == 1);
    REQUIRE(octet == 'y');
    house.refuses("locked by process " + std::to_string(child));
    REQUIRE(::write(done[1], &octet, 1) == 1);
    ::waitpid(child, nullptr, 0);
  }
  CHECK(octets_of(house.box) == kBefore);
  CHECK(house.deliver(SomeMail()).ok());
}

TEST_CASE("mbox: the dot-lock of a process that is gone gives way") {
  House house;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::lockfile_create((house.box.string() + ".lock").c_str(), 0, L_PID));
  ::waitpid(child, nullptr, 0);
  REQUIRE(house.is_locked());
  CHECK(house.deliver(SomeMail()).ok());
  CHECK_FALSE(house.is_locked());
}

TEST_CASE("mbox: what a process that was killed had appended goes before anything else comes") {
  House house;
  const SomeMail killed("Subject: killed\r\n\r\n" + std::string(100'000, 'x') + "\r\n");
  put_octets(house.box, kBefore);
  REQUIRE(house.deliver(killed).ok());
  const std::string whole = octets_of(house.box);
  // The lock of a dead process, and the part of the message that it had written.
  const auto die_after = [&](std::size_t size, const std::string& behind = "") {
    put_octets(house.box, whole.substr(0, kBefore.size() + size) + behind);
    put_octets(house.box.string() + ".lock", "999999999\nmxpress appends from " + std::to_string(kBefore.size()) + "\n" + kFrontOfSomeMail);
  };
  for (const std::size_t size : {std::size_t{1}, std::size_t{40}, kFrontOfSomeMail.size() + 1000, whole.size() - kBefore.size()}) {
    die_after(size);
    REQUIRE(house.deliver(SomeMail()).ok());
    CHECK(octets_of(house.box) == kBefore + kStored);
  }
  SECTION("but not if another program has written behind it") {
    die_after(1000, "\n\n" + kBefore);
    REQUIRE(house.deliver(SomeMail()).ok());
    CHECK(octets_of(house.box).size() == kBefore.size() + 1000 + 2 + kBefore.size() + kStored.size());
  }
  SECTION("nor if it stands there no more") {
    die_after(1000);
    put_octets(house.box, kBefore + kBefore);
    REQUIRE(house.deliver(SomeMail()).ok());
    CHECK(octets_of(house.box) == kBefore + kBefore + kStored);
  }
}

TEST_CASE("mbox: a process that is killed within a delivery leaves nothing of it to the next one") {
  House house;
  put_octets(house.box, kBefore);
  const SomeMail large("Subject: large\r\n\r\n" + std::string(300'000, 'x') + "\r\n");
  const pid_t child = ::fork();
  if (child == 0) {
    calls_left = 2;
    (void)house.deliver(large, {[](int file, const void* octets, std::size_t size) -> ssize_t {
                          if (calls_left-- == 0) ::raise(SIGKILL);
                          return ::write(file, octets, size);
                        }});
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(octets_of(house.box).size() > kBefore.size());
  REQUIRE(house.is_locked());
  REQUIRE(house.deliver(SomeMail()).ok());
  CHECK(octets_of(house.box) == kBefore + kStored);
}
