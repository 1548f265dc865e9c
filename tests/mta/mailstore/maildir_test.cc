// Delivery into a Maildir.
#include "mta/mailstore/maildir.h"

#include <boost/filesystem/directory.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <cerrno>
#include <vector>

#include "tests/mta/mailstore/some_mail.h"

using namespace mxpress;
using namespace mxpress::mta::mailstore;
using namespace mxpress::test;

namespace fs = boost::filesystem;

namespace {

struct House {
  TempFolder folder;
  std::string home = folder.path().string();
  fs::path maildir = folder.path() / "Maildir";

  std::vector<fs::path> files(const char* part) const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(maildir / part)) all.push_back(entry.path());
    return all;
  }
};

ssize_t no_room(int, const void*, std::size_t) { return errno = EDQUOT, -1; }

}  // namespace

TEST_CASE("Maildir: a message is one file in new, and nothing stays in tmp") {
  House house;
  REQUIRE(deliver_to_maildir(house.home, SomeMail()).ok());
  REQUIRE(house.files("new").size() == 1);
  CHECK(octets_of(house.files("new").front()) ==
        "Return-Path: <alice@there.example>\nDelivered-To: bob@here.example\nSubject: hello\n\nHow are you?\n");
  CHECK(house.files("tmp").empty());
  CHECK(fs::status(house.files("new").front()).permissions() == (fs::owner_read | fs::owner_write));
}

TEST_CASE("Maildir: a repetition makes no second copy, also when a reader has moved the first one") {
  House house;
  const SomeMail mail;
  REQUIRE(deliver_to_maildir(house.home, mail).ok());
  REQUIRE(deliver_to_maildir(house.home, mail).ok());
  REQUIRE(house.files("new").size() == 1);
  const fs::path first = house.files("new").front();
  fs::rename(first, house.maildir / "cur" / (first.filename().string() + ":2,S"));
  REQUIRE(deliver_to_maildir(house.home, mail).ok());
  CHECK(house.files("new").empty());
  CHECK(house.files("cur").size() == 1);
}

TEST_CASE("Maildir: other messages and other recipients have files of their own") {
  House house;
  SomeMail one, other;
  other.id = "00000A000002";
  Mail to_another = one;
  to_another.recipient = "bob+x@here.example";
  for (const Mail& mail : {Mail(one), Mail(other), to_another}) REQUIRE(deliver_to_maildir(house.home, mail).ok());
  CHECK(house.files("new").size() == 3);
}

TEST_CASE("Maildir: what a delivery that was cut short has left in tmp gives way") {
  House house;
  const SomeMail mail;
  REQUIRE(deliver_to_maildir(house.home, mail).ok());
  const fs::path first = house.files("new").front();
  fs::rename(first, house.maildir / "tmp" / first.filename());
  put_octets(house.maildir / "tmp" / first.filename(), "torn");
  REQUIRE(deliver_to_maildir(house.home, mail).ok());
  CHECK(octets_of(first).ends_with("How are you?\n"));
  CHECK(house.files("tmp").empty());
}

TEST_CASE("Maildir: a full disk leaves nothing behind") {
  House house;
  const Status status = deliver_to_maildir(house.home, SomeMail(), {no_room});
  REQUIRE_FALSE(status.ok());
  CHECK_THAT(status.error().message, Catch::Contains("Disk quota exceeded"));
  CHECK(house.files("new").empty());
  CHECK(house.files("tmp").empty());
}

TEST_CASE("Maildir: no part of it may be a link or something else") {
  House house;
  const fs::path elsewhere = house.folder.path() / "elsewhere";
  fs::create_directory(elsewhere);
  SECTION("the Maildir") { fs::create_symlink(elsewhere, house.maildir); }
  SECTION("a folder in it") {
    fs::create_directory(house.maildir);
    fs::create_symlink(elsewhere, house.maildir / "new");
  }
  SECTION("a file") { put_octets(house.maildir, "mine"); }
  CHECK_FALSE(deliver_to_maildir(house.home, SomeMail()).ok());
  CHECK(fs::is_empty(elsewhere));
}

TEST_CASE("Maildir: a home without one, or that is not there, has none") {
  House house;
  CHECK_FALSE(*has_maildir(house.home));
  CHECK_FALSE(*has_maildir(house.home + "/nothing"));
  fs::create_directory(house.maildir);
  CHECK(*has_maildir(house.home));
}
