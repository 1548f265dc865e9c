// What mxpress doctor knows of the configuration, and its output.
#include <catch2/catch.hpp>
#include <sstream>

#include "mta/cli/command_line.h"
#include "mta/cli/doctor_facts.h"
#include "mta/cli/doctor_print.h"
#include "mta/cli/record_lookup.h"
#include "mta/config/config.h"
#include "mta/routing/signing_keys.h"
#include "tests/support/dkim_keys.h"

namespace mxpress::testing {
namespace {

using namespace mta;
using doctor::Finding;
using doctor::State;

Config config_of(const std::string& toml) { return parse_config("hostname = \"mail.here.example\"\n" + toml, "test").value(); }

proto::Domain domain(const std::string& name) { return proto::Domain::parse(name).value(); }

const std::string kProvider = "[route]\nhost = \"smtp.provider.example\"\n";

}  // namespace

TEST_CASE("mxpress doctor: a provider takes all mail unless a table sends some directly") {
  CHECK_FALSE(cli::goes_by_provider_alone(config_of("")));
  CHECK(cli::goes_by_provider_alone(config_of(kProvider)));
  CHECK_FALSE(cli::goes_by_provider_alone(config_of(kProvider + "fallback = true\n")));
  CHECK_FALSE(cli::goes_by_provider_alone(config_of(kProvider + "[destination.\"there.example\"]\nroute = \"direct\"\n")));
}

TEST_CASE("mxpress doctor: configured addresses are those that other hosts see") {
  const auto config = config_of("[doctor]\naddresses = [\"192.0.2.77\", \"2001:db8::77\"]\n[delivery]\naddress_family = \"ipv4\"\n");
  const auto subject = cli::subject_of(config, domain("here.example"), nullptr, {});
  REQUIRE(subject.mail.addresses.size() == 1);
  CHECK(subject.mail.addresses.front().to_string() == "192.0.2.77");
  CHECK_FALSE(subject.is_behind_router());
  CHECK_THAT(parse_config("[doctor]\naddresses = [\"10.0.0.5\"]\n", "test").error().message, Catch::Contains("10.0.0.5"));
}

TEST_CASE("mxpress doctor: keys that wait to take over, or were replaced, are no matter of the records") {
  routing::SigningKeys keys;
  keys.domains.push_back({domain("here.example"), {}, {{"old", rsa_key()}}, {{"new", ed25519_key()}}});
  const auto selectors = [&](const doctor::DaemonFacts& daemon) {
    std::string all;
    for (const auto& key : cli::subject_of(config_of(""), domain("news.here.example"), &keys, daemon).mail.keys) all += key.selector + " ";
    return all;
  };
  doctor::DaemonFacts daemon;
  CHECK(selectors(daemon) == "old ");
  daemon.keys = {{"old._domainkey.here.example", "signs", ""}, {"new._domainkey.here.example", "waits", ""}};
  CHECK(selectors(daemon) == "old ");
  daemon.keys = {{"old._domainkey.here.example", "replaced", ""}, {"new._domainkey.here.example", "signs", ""}};
  CHECK(selectors(daemon) == "new ");
}

TEST_CASE("mxpress doctor: what is wrong comes first, with who acts and what to paste") {
  const doctor::Findings findings = {
      doctor::fine("clock", "It is kept right."),
      {"ptr 192.0.2.1", State::wrong, "No PTR\x1b[2J.", doctor::Actor::hosting_provider, "Set it.", {"1.2.0.192.in-addr.arpa. IN PTR a."}}};
  std::ostringstream out, json;
  cli::print_findings(out, findings);
  CHECK_THAT(out.str(),
             Catch::StartsWith("WRONG  ptr 192.0.2.1\n    No PTR[2J.\n    who acts: the hosting provider of this host\n    Set it.\n\n"
                               "        1.2.0.192.in-addr.arpa. IN PTR a.\n"));
  CHECK_THAT(out.str(), Catch::EndsWith("1 wrong, 0 could not be told, 1 fine, 0 not needed.\n"));
  cli::print_findings_json(json, findings);
  CHECK_THAT(json.str(), Catch::StartsWith("{\"check\":\"clock\",\"state\":\"fine\"") && Catch::Contains("\"state\":\"wrong\"") &&
                             Catch::Contains("\"paste\":[\"1.2.0.192.in-addr.arpa. IN PTR a.\"]"));
}

TEST_CASE("mxpress doctor: takes --domain, --json and --alert, and no selector") {
  CHECK(cli::parse_command_line({"doctor", "--domain", "here.example", "--json", "--alert"}).ok());
  CHECK_FALSE(cli::parse_command_line({"doctor", "--all"}).ok());
  CHECK_FALSE(cli::parse_command_line({"doctor", "now"}).ok());
  CHECK_FALSE(cli::parse_command_line({"status", "--alert"}).ok());
}

}  // namespace mxpress::testing
