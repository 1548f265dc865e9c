// sendmail -v: prints the place of the message on standard output.
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "mta/cli/sendmail_options.h"
#include "tests/support/server_house.h"

using mxpress::testing::IntakeHouse;

namespace {

const std::string kInput = "Subject: x\n\nx\n";

std::string queued_as(const IntakeHouse& house) { return "queued as " + house.spool.kept().back().id.to_string() + "\n"; }

}  // namespace

TEST_CASE("sendmail -v: standard output has the queue id by which mxpressd knows the message, and nothing else") {
  IntakeHouse house;
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"-v", "you@there.example"},
                                                    {"you@there.example", "-v"},
                                                    {"-iv", "-v", "a@there.example", "b@b.example"},
                                                    {"-oi", "-v", "-f", "me@here.example", "--", "you@there.example"}}) {
    const std::size_t before = house.spool.kept().size();
    const auto result = house.sendmail(arguments, kInput);
    CHECK(result.code == 0);
    REQUIRE(house.spool.kept().size() == before + 1);
    CHECK(result.output == queued_as(house));
    CHECK(result.errors.empty());
  }
  CHECK(house.sendmail({"you@there.example"}, kInput).output.empty());
}

TEST_CASE("sendmail -v: works together with -t, and with a recipient that is no address") {
  IntakeHouse house;
  const auto result = house.sendmail({"-tv"}, "To: you@there.example, n/a@\n\nx\n");
  CHECK(result.code == 0);
  CHECK(result.output == queued_as(house));
  CHECK(result.errors.find("n/a@") != std::string::npos);
}

TEST_CASE("sendmail -v: what is refused has no place, and the reason goes to standard error") {
  IntakeHouse house;
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"-v", "/etc/passwd"}, {"-v", "n/a@"}, {"-v"}}) {
    const auto result = house.sendmail(arguments, kInput);
    CHECK(result.code != 0);
    CHECK(result.output.empty());
    CHECK_FALSE(result.errors.empty());
  }
  CHECK(house.spool.kept().empty());
}

TEST_CASE("sendmail -v: without the daemon it says that the message was left for it") {
  IntakeHouse house;
  house.close();
  const auto result = house.sendmail({"-v", "you@there.example"}, kInput);
  CHECK(result.code == 0);
  CHECK(result.output == "left in " + house.base.drop_directory().string() + " until mxpressd takes it, and gives it a queue id\n");
  CHECK_FALSE(boost::filesystem::is_empty(house.base.drop_directory()));
}

TEST_CASE("sendmail -v: a message that nobody is told the id of is accepted all the same") {
  IntakeHouse house;
  const std::string command = mxpress::testing::program("sendmail") + " -v you@there.example";
  const std::string config = "MXPRESS_CONFIG=" + (house.folder.path() / "mxpress.toml").string();
  std::size_t count = 0;
  for (const char* nowhere : {" >/dev/full", " >&-", " | true; exit ${PIPESTATUS[0]}"}) {
    CAPTURE(nowhere);
    CHECK(mxpress::testing::run_program({"/bin/bash", "-c", command + nowhere}, kInput, {config}).code == 0);
    CHECK(house.spool.kept().size() == ++count);
  }
}

TEST_CASE("sendmail -v: what is said to a closed output gets into no file") {
  IntakeHouse house;
  house.close();
  const std::string command = mxpress::testing::program("sendmail") + " -v you@there.example 'n/a@' >&- 2>&-";
  const std::string config = "MXPRESS_CONFIG=" + (house.folder.path() / "mxpress.toml").string();
  CHECK(mxpress::testing::run_program({"/bin/sh", "-c", command}, kInput, {config}).code == 0);
  const auto file = boost::filesystem::directory_iterator(house.base.drop_directory())->path();
  std::ostringstream left;
  left << std::ifstream(file.string()).rdbuf();
  CHECK(left.str().ends_with("\r\n\r\nx\r\n.\r\n"));
}

TEST_CASE("sendmail -v: has no effect on the other modes") {
  IntakeHouse house;
  CHECK(house.sendmail({"-bs", "-v"}, "QUIT\r\n").output.starts_with("220 "));
  CHECK(house.sendmail({"-bv", "-v", "you@there.example"}, "").output == "you@there.example... is a mail address\n");
  using mxpress::mta::cli::SendmailMode;
  CHECK(mxpress::mta::cli::parse_sendmail_options("mailq", {"-v"})->mode == SendmailMode::list_queue);
  CHECK(mxpress::mta::cli::parse_sendmail_options("sendmail", {"-bpv"}).ok() == false);
  CHECK(mxpress::mta::cli::parse_sendmail_options("sendmail", {"-v", "-q"})->mode == SendmailMode::flush_queue);
}
