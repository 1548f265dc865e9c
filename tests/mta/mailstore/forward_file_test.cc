// Reading ~/.forward.
#include "mta/mailstore/forward_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>

#include "mta/mailstore/request.h"
#include "tests/mta/mailstore/some_mail.h"

using namespace mxpress;
using namespace mxpress::mta::mailstore;
using namespace mxpress::test;

namespace fs = boost::filesystem;

namespace {

struct House {
  House() { ::chmod(home.c_str(), 0755); }
  void put(const std::string& text, mode_t mode = 0644) const {
    put_octets(path, text);
    ::chmod(path.c_str(), mode);
  }
  ForwardFile read(uid_t owner = ::geteuid()) const {
    const auto found = read_forward(home, owner);
    REQUIRE(found.ok());
    return *found;
  }

  TempFolder folder;
  std::string home = folder.path().string();
  fs::path path = folder.path() / ".forward";
};

}  // namespace

TEST_CASE("forward file: its text is read as it is; a file that is empty or missing is none") {
  const House house;
  CHECK(house.read().text.empty());
  CHECK(house.read().refused.empty());
  house.put("alice\n# a comment\r\n");
  CHECK(house.read().text == "alice\n# a comment\r\n");
  house.put("");
  CHECK(house.read().text.empty());
  CHECK(house.read().refused.empty());
  CHECK(read_forward("/no-home-of-that-name", 1)->text.empty());
  CHECK(read_forward("/etc/passwd", 1)->text.empty());  // no folder
  CHECK(read_forward("", 1)->text.empty());
}

TEST_CASE("forward file: a file or a home that others may write is not followed, and says what to do") {
  const House house;
  for (const mode_t mode : {0664, 0646, 0777}) {
    house.put("alice\n", mode);
    CHECK(house.read().text.empty());
    CHECK(house.read().refused == house.path.string() + " may be written by others (chmod go-w)");
  }
  house.put("alice\n", 0600);
  CHECK(house.read().text == "alice\n");
  for (const mode_t mode : {0775, 01777}) {
    ::chmod(house.home.c_str(), mode);
    CHECK(house.read().refused == house.home + " may be written by others (chmod go-w)");
  }
}

TEST_CASE("forward file: a file of another user is not followed, one of root is") {
  if (::geteuid() != 0) return;
  const House house;
  house.put("alice\n");
  REQUIRE(::chown(house.home.c_str(), 1234, 1234) == 0);
  CHECK(house.read(1234).text == "alice\n");
  REQUIRE(::chown(house.path.c_str(), 4321, 4321) == 0);
  CHECK(house.read(1234).refused == house.path.string() + " belongs to another user");
  REQUIRE(::chown(house.path.c_str(), 1234, 1234) == 0);
  REQUIRE(::chown(house.home.c_str(), 4321, 4321) == 0);
  CHECK(house.read(1234).refused == house.home + " belongs to another user");
}

TEST_CASE("forward file: a link, a FIFO and a folder are not followed, and nothing waits for them") {
  const House house;
  const std::string other = house.home + "/other";
  put_octets(other, "alice\n");
  ::chmod(other.c_str(), 0644);
  REQUIRE(::symlink(other.c_str(), house.path.c_str()) == 0);
  CHECK(house.read().refused == house.path.string() + " is a symbolic link");
  fs::remove(house.path);
  REQUIRE(::mkfifo(house.path.c_str(), 0644) == 0);
  CHECK(house.read().refused == house.path.string() + " is no ordinary file");
  fs::remove(house.path);
  fs::create_directory(house.path);
  CHECK(house.read().refused == house.path.string() + " is no ordinary file");
}

TEST_CASE("forward file: what is larger than its bound, or has a NUL, is not followed") {
  const House house;
  house.put(std::string(kMaxForward, 'a'));
  CHECK(house.read().text.size() == kMaxForward);
  house.put(std::string(kMaxForward + 1, 'a'));
  CHECK(house.read().refused == house.path.string() + " is larger than 64 KiB");
  house.put(std::string("alice\0", 6));
  CHECK(house.read().refused == house.path.string() + " is no text");
}
