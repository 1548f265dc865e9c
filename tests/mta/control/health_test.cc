// The verdict of mxpress status.
#include "mta/control/health.h"

#include <catch2/catch.hpp>

#include "dns/async.h"
#include "tests/support/mxpress_command.h"

namespace mxpress::testing {
namespace {

using mta::cli::ExitCode;

std::string first_line(const Ran& ran) { return ran.out.substr(0, ran.out.find('\n')); }

}  // namespace

TEST_CASE("status: 0 and a short first line where all is well") {
  FakeControl backend;
  const Ran ran = run(backend, {"status"});
  CHECK(ran.code == ExitCode::ok);
  CHECK(first_line(ran) == "status     well: mail is taken and sent");
}

TEST_CASE("status: 2, the reason and what to do, where this host cannot send") {
  FakeControl backend;
  backend.outages = {{"direct", "mail hosts of several networks cannot be reached", "port 25 is probably blocked", at(1'700'000'000)}};
  const Ran ran = run(backend, {"status"});
  CHECK(ran.code == ExitCode::cannot_send);
  CHECK(first_line(ran) ==
        "status     CANNOT SEND: this host cannot send directly: mail hosts of several networks cannot be reached; what to do: port 25 is "
        "probably blocked");
  CHECK_THAT(ran.out, Catch::Contains("\nOUTAGE     direct, since "));
  const Ran json = run(backend, {"status", "--json"});
  CHECK(json.code == ExitCode::cannot_send);
  CHECK_THAT(json.out, Catch::Contains("\"verdict\":\"cannot send\"") && Catch::Contains("\"way\":\"direct\"") &&
                           Catch::Contains("\"since_ms\":1700000000000"));
}

TEST_CASE("status: 1 where a fallback takes the mail meanwhile") {
  FakeControl backend;
  backend.settings = mta::parse_config("[route]\nhost = \"192.0.2.1\"\nfallback = true\n", "test").value();
  backend.settings.is_fallback_in_force = true;
  backend.outages = {{"direct", "blocked", "ask", at(1'700'000'000)}};
  const Ran ran = run(backend, {"status"});
  CHECK(ran.code == ExitCode::nothing_matched);
  CHECK_THAT(first_line(ran), Catch::Contains("DEGRADED") && Catch::Contains("mail goes by [route] meanwhile"));
}

TEST_CASE("status: 2 where a provider refuses the password, and where no mail is taken") {
  FakeControl backend;
  backend.refused_logins = {"cannot sign in at smtp.there.example:587, so its mail waits: 535 no"};
  backend.failures = backend.refused_logins;
  CHECK(run(backend, {"status"}).code == ExitCode::cannot_send);
  FakeControl full;
  full.counters.accepting = false;
  full.counters.not_accepting_because = "/var/spool/mxpress has 1 MiB left";
  const Ran ran = run(full, {"status"});
  CHECK(ran.code == ExitCode::cannot_send);
  CHECK_THAT(first_line(ran), Catch::Contains("no mail is taken: /var/spool/mxpress has 1 MiB left"));
}

TEST_CASE("status: 1 for what else an operator has to look at") {
  FakeControl backend;
  backend.failures = {"something is odd"};
  const Ran ran = run(backend, {"status"});
  CHECK(ran.code == ExitCode::nothing_matched);
  CHECK(first_line(ran) == "status     DEGRADED: something is odd");
}

TEST_CASE("status: many failures of an hour degrade it, and few do not") {
  FakeControl backend;
  backend.hour = {19, 19};
  CHECK(run(backend, {"status"}).code == ExitCode::ok);
  backend.hour = {20, 10};
  CHECK(run(backend, {"status"}).code == ExitCode::ok);
  backend.hour = {20, 11};
  const Ran ran = run(backend, {"status"});
  CHECK(ran.code == ExitCode::nothing_matched);
  CHECK_THAT(first_line(ran), Catch::Contains("11 of 20 recipients of the last hour failed"));
}

TEST_CASE("status: old mail degrades it, but not what is held") {
  FakeControl backend;
  const WallTime now = Clock::current().wall();
  queue::Message old = make_message(1, 1000, "a@a.example", "b@b.example", "x");
  old.envelope.submitted = now - std::chrono::hours(30);
  backend.add(old);
  backend.rows.resize(1);
  CHECK(run(backend, {"status"}).code == ExitCode::ok);  // it is held
  backend.rows[0].oldest_waiting = old.envelope.submitted;
  const Ran ran = run(backend, {"status"});
  CHECK(ran.code == ExitCode::nothing_matched);
  CHECK_THAT(first_line(ran), Catch::Contains("mail has waited for 1d6h, longer than 1d"));
  backend.settings = mta::parse_config("[status]\noldest = \"2d\"\n", "test").value();
  CHECK(run(backend, {"status"}).code == ExitCode::ok);
}

}  // namespace mxpress::testing
