// Files for a message: what is refused, and what is noticed.
#include "mta/compose/source.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>

#include "tests/support/composing.h"

using mxpress::mta::compose::Source;
using mxpress::testing::Desk;

namespace {

std::string refusal(const std::string& path) {
  const auto source = Source::open(path);
  REQUIRE_FALSE(source);
  CHECK_FALSE(source.error().is_transient());
  return source.error().message;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("source: what is no regular file is refused by its kind, without waiting for it") {
  const Desk desk;
  REQUIRE(::mkfifo(desk.path("pipe").c_str(), 0600) == 0);
  CHECK(has(refusal(desk.path("pipe")), "is a FIFO"));
  CHECK(has(refusal(desk.path(".")), "is a folder"));
  CHECK(has(refusal("/dev/zero"), "is a device"));
  CHECK(has(refusal("/dev/null"), "is a device"));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, desk.path("socket").c_str(), sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(socket);
  CHECK(has(refusal(desk.path("socket")), "is a socket"));
}

TEST_CASE("source: a missing file, and one that may not be read, are refused with the reason of the system") {
  const Desk desk;
  CHECK(has(refusal(desk.path("missing")), "No such file or directory"));
  CHECK(has(refusal(""), "No such file or directory"));
  const std::string secret = desk.file("secret", "x");
  REQUIRE(::chmod(secret.c_str(), 0) == 0);
  if (::geteuid() != 0) CHECK(has(refusal(secret), "Permission denied"));
  REQUIRE(::symlink("circle", desk.path("circle").c_str()) == 0);
  CHECK(has(refusal(desk.path("circle")), "symbolic links"));
}

TEST_CASE("source: a file that hides its size is refused, an empty one is not") {
  const Desk desk;
  CHECK(has(refusal("/proc/self/status"), "does not say its size"));
  CHECK(desk.source("empty", "").size() == 0);
}

TEST_CASE("source: notices that the file grew, shrank, or was written again in its size") {
  for (const std::string& after : {std::string("abcdef"), std::string("ab"), std::string("xyz")}) {
    const Desk desk;
    const Source source = desk.source("file", "abc");
    REQUIRE(source.check_unchanged());
    std::fstream(desk.path("file"), std::ios::out | std::ios::trunc) << after;
    const timespec later[2] = {{0, UTIME_OMIT}, {2'000'000'000, 0}};
    REQUIRE(::utimensat(AT_FDCWD, desk.path("file").c_str(), later, 0) == 0);
    const auto status = source.check_unchanged();
    REQUIRE_FALSE(status);
    CHECK(status.error().is_transient());
    CHECK(has(status.error().message, "changed while it was read"));
  }
}

TEST_CASE("source: a file that is replaced by another of its name stays the one that was opened") {
  const Desk desk;
  const Source source = desk.source("file", "abc");
  REQUIRE(::rename(desk.file("other", "xyz").c_str(), desk.path("file").c_str()) == 0);
  CHECK(source.check_unchanged());
  CHECK(*source.read_at(0, 10) == "abc");
}

TEST_CASE("source: a copy of a pipe has all its octets, and is refused above the limit") {
  for (const std::uint64_t most : {6, 5}) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(::write(ends[1], "a\0b\nc\n", 6) == 6);
    ::close(ends[1]);
    const auto copy = Source::copy_of(ends[0], "standard input", most);
    ::close(ends[0]);
    CHECK(copy.ok() == (most == 6));
    if (copy) CHECK(*copy->read_at(0, 10) == std::string("a\0b\nc\n", 6));
    if (!copy) CHECK(has(copy.error().message, "standard input has more than the 5 octets"));
  }
}
