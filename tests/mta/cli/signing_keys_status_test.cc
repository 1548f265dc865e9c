// The output of mxpress about signing keys, and the command line of setup.
#include <catch2/catch.hpp>

#include "tests/support/mxpress_command.h"

namespace mxpress::testing {
namespace {

using mta::cli::ExitCode;
using mta::records::KeyState;

std::string mistake(const std::vector<std::string>& arguments) {
  const auto line = mta::cli::parse_command_line(arguments);
  return line ? "none" : line.error().message;
}

}  // namespace

TEST_CASE("mxpress status: says which keys sign, and is well while others wait") {
  FakeControl backend;
  backend.counters.accepting = true;
  backend.keys = {{"a.example", "r1", "rsa", KeyState::signs, "", at(1'700'000'000), false},
                  {"a.example", "e1", "ed25519", KeyState::waits, "there is no record", {}, false},
                  {"b.example", "r2", "rsa", KeyState::off, "", {}, false},
                  {"c.example", "r3", "rsa", KeyState::signs, "the record says t=y", at(1'700'000'000), false}};
  const Ran ran = run(backend, {"status"});
  CHECK(ran.code == ExitCode::ok);
  CHECK_THAT(ran.out, Catch::Contains("signing    a.example: r1 (rsa) signs, e1 (ed25519) waits\n           b.example: r2 (rsa) off\n"));
  CHECK_THAT(ran.out, Catch::Contains("warning    the key r3 of c.example signs, but: the record says t=y"));
  CHECK_THAT(ran.out, Catch::Contains("warning    the key e1 of a.example does not sign yet: there is no record"));
  const Ran json = run(backend, {"status", "--json"});
  CHECK_THAT(json.out, Catch::Contains("\"record\":\"r1._domainkey.a.example\"") && Catch::Contains("\"seen_ms\":1700000000000"));
}

TEST_CASE("mxpress status: a key whose record is lost is trouble") {
  FakeControl backend;
  backend.counters.accepting = true;
  backend.keys = {{"a.example", "r1", "rsa", KeyState::lost, "there is no record\x1b", at(1'700'000'000), false}};
  const Ran ran = run(backend, {"status"});
  CHECK(ran.code == ExitCode::nothing_matched);
  CHECK_THAT(ran.out, Catch::Contains("TROUBLE    the DNS record r1._domainkey.a.example of a key that signs is gone or wrong"));
  CHECK(ran.out.find('\x1b') == std::string::npos);
}

TEST_CASE("mxpress setup: takes options only, and they are for it alone") {
  CHECK(mistake({"setup", "--yes", "--domain", "a.example", "--wait=30m", "--json"}) == "none");
  CHECK(mistake({"setup", "--wait"}) == "none");
  CHECK(mta::cli::parse_command_line({"setup", "--wait"})->wait == std::chrono::hours(1));
  CHECK_THAT(mistake({"setup", "a.example"}), Catch::Contains("--domain"));
  CHECK_THAT(mistake({"setup", "--wait=soon"}), Catch::Contains("--wait"));
  CHECK_THAT(mistake({"queue", "--yes"}), Catch::Contains("mxpress setup"));
  CHECK_THAT(mistake({"dkim", "rotate"}), Catch::Contains("rotate DOMAIN"));
  CHECK(mistake({"dkim", "rotate", "a.example"}) == "none");
}

}  // namespace mxpress::testing
