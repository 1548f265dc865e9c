// The runner's view of the configuration.
#include "mta/runner/commands.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem/fstream.hpp>
#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using mta::runner::Commands;

constexpr std::string_view kGeneral = "hostname = \"mail.example.com\"\nuser = \"nobody\"\n";
constexpr std::string_view kLogin =
    "[credentials.office]\nuser = \"me@office.example\"\npassword_command = [\"/usr/bin/pass\", \"show\", \"mail\"]\n"
    "[credentials.file]\nuser = \"me\"\npassword_file = \"/etc/password\"\n";

struct File {
  test::TempFolder folder;
  boost::filesystem::path path = folder.path() / "mxpress.toml";
  void write(std::string_view general, std::string_view rest = "") { boost::filesystem::ofstream(path) << general << rest; }
};

std::string failure(const Result<Commands::Command>& command) { return command ? "none" : command.error().message; }

}  // namespace

TEST_CASE("runner commands: a name gives the program of the configuration, with its own environment, and nothing else does") {
  File file;
  file.write(kGeneral, "[runner]\ntimeout = \"7s\"\n" + std::string(kLogin));
  const Commands commands(file.path);
  const auto command = commands.password_of("office");
  REQUIRE(command);
  CHECK(command->purpose == "password of [credentials.office]");
  CHECK(command->program.argv == std::vector<std::string>{"/usr/bin/pass", "show", "mail"});
  CHECK(command->limits.time == std::chrono::seconds(7));
  std::vector<std::string> environment = command->program.environment;
  const auto home = std::find_if(environment.begin(), environment.end(), [](const std::string& one) { return one.starts_with("HOME="); });
  REQUIRE(home != environment.end());
  CHECK(*home == std::string("HOME=") + ::getpwuid(::geteuid())->pw_dir);
  environment.erase(home);
  CHECK(environment == std::vector<std::string>{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
                                                "MXPRESS_WANTED=password", "MXPRESS_CREDENTIALS=office", "MXPRESS_USER=me@office.example"});
  for (const std::string other : {"file", "nobody", "", "/bin/sh", "office\n"})
    CHECK_THAT(failure(commands.password_of(other)), Catch::StartsWith("the configuration has no command for the password of"));
}

TEST_CASE("runner commands: a changed file counts at once, one with mistakes or none is told") {
  File file;
  file.write(kGeneral);
  const Commands commands(file.path);
  CHECK_THAT(failure(commands.password_of("office")), Catch::Contains("has no command"));
  file.write(kGeneral, kLogin);
  CHECK(failure(commands.password_of("office")) == "none");
  file.write("hostnam = \"x\"\n", kLogin);
  CHECK_THAT(failure(commands.password_of("office")),
             Catch::StartsWith("mxpress-runner cannot use the configuration") && Catch::Contains("mxpress.toml:1: unknown key hostnam"));
  boost::filesystem::remove(file.path);
  CHECK_THAT(failure(commands.password_of("office")), Catch::Contains("cannot read " + file.path.string()));
  file.write(kGeneral, kLogin);
  CHECK(failure(commands.password_of("office")) == "none");
}

TEST_CASE("runner commands: a file that changes again within a tick of its clock, to the same size, counts at once, too") {
  File file;
  const Commands commands(file.path);
  for (int i = 0; i < 50; ++i) {
    const std::string program = "/usr/bin/pass" + std::to_string(i % 10);
    file.write(kGeneral, "[credentials.a]\nuser = \"me\"\npassword_command = [\"" + program + "\"]\n");
    const auto command = commands.password_of("a");
    REQUIRE(command);
    CHECK(command->program.argv[0] == program);
  }
}

TEST_CASE("runner commands: root and the user of mxpressd may ask, others may not") {
  File file;
  file.write(kGeneral);
  const Commands commands(file.path);
  const uid_t nobody = ::getpwnam("nobody")->pw_uid;
  CHECK(commands.may_ask(0));
  CHECK(commands.may_ask(nobody));
  CHECK_FALSE(commands.may_ask(1));
  CHECK_FALSE(commands.may_ask(nobody - 1));
  file.write("hostname = \"mail.example.com\"\nuser = \"no-such-user\"\n");
  CHECK(commands.may_ask(::geteuid()));
  CHECK_FALSE(commands.may_ask(nobody));
}

}  // namespace mxpress::testing
