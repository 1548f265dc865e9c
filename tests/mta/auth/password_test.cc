// Passwords from files: accepted and refused texts, and the error messages.
#include "mta/auth/password.h"

#include <sys/stat.h>

#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using mta::auth::read_secret;

std::string make_file(const test::TempFolder& folder, const std::string& content, mode_t mode = 0640) {
  const auto path = folder.path() / "password";
  boost::filesystem::ofstream(path, std::ios::binary) << content;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  return path.string();
}

std::string refusal(const Result<mta::auth::Secret>& secret) { return secret ? "none" : secret.error().message; }

}  // namespace

TEST_CASE("password file: one line is the password, whatever ends it, and blanks belong to it") {
  const test::TempFolder folder;
  const std::pair<std::string, std::string> rows[] = {
      {"secret", "secret"},
      {"secret\n", "secret"},
      {"secret\r\n", "secret"},
      {" a b \n", " a b "},
      {"\xEF\xBB\xBFsecret\r\n", "secret"},
      {std::string(4000, 't') + "\n", std::string(4000, 't')},
  };
  for (const auto& [content, password] : rows) {
    const auto secret = read_secret(make_file(folder, content));
    INFO(refusal(secret));
    REQUIRE(secret);
    CHECK(secret->reveal() == password);
  }
}

TEST_CASE("password file: what cannot be a password is refused, and the words never have it") {
  const test::TempFolder folder;
  CHECK_THAT(refusal(read_secret(make_file(folder, ""))), Catch::Contains("is empty"));
  CHECK_THAT(refusal(read_secret(make_file(folder, "\r\n"))), Catch::Contains("is empty"));
  CHECK_THAT(refusal(read_secret(make_file(folder, "secret\nsecond\n"))), Catch::Contains("more than one line"));
  CHECK_THAT(refusal(read_secret(make_file(folder, std::string("sec\0ret", 7)))), Catch::Contains("more than one line"));
  CHECK_THAT(refusal(read_secret(make_file(folder, std::string(70'000, 'x')))), Catch::Contains("over 64 KiB"));
  CHECK_THAT(refusal(read_secret(make_file(folder, "secret\n", 0644))), Catch::Contains("mode 0644") && !Catch::Contains("secret"));
  CHECK_THAT(refusal(read_secret(folder.path().string())), Catch::Contains("is a directory"));
  CHECK_THAT(refusal(read_secret((folder.path() / "absent").string())), Catch::Contains("No such file"));
  const std::string fifo = (folder.path() / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_THAT(refusal(read_secret(fifo)), Catch::Contains("is no plain file"));
}

TEST_CASE("password credential: one of systemd is read where systemd has put it") {
  const test::TempFolder folder;
  make_file(folder, "secret\n", 0400);
  const auto source = mta::auth::systemd_source("password");
  ::setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1);
  const auto fetched = source->fetch({});
  ::unsetenv("CREDENTIALS_DIRECTORY");
  REQUIRE(fetched);
  CHECK(fetched->secret.reveal() == "secret");
  CHECK_FALSE(fetched->lifetime);
  const auto absent = source->fetch({});
  REQUIRE_FALSE(absent);
  CHECK_THAT(absent.error().message, Catch::Contains("LoadCredential=password"));
}

}  // namespace mxpress::testing
