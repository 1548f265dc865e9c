// What `mxpress tls` finds out, and how it says it.
#include "mta/control/tls_demands.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <sstream>

#include "mta/cli/tls_command.h"
#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "mta/net/connector.h"
#include "mta/sts/policies.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using mxpress::testing::ScriptedResolver;

namespace {

const std::string kRecord = "\x03\x01\x01" + std::string(32, 'x');

// `mode`: of the kept MTA-STS policy of the domain, with the id 7; empty: MTA-STS is not asked for.
std::string said(ScriptedResolver& dns, const std::string& toml = "", const std::string& mode = "") {
  const mxpress::testing::VirtualTime time(WallTime{std::chrono::sys_days{std::chrono::year(2099) / 6 / 1}});
  const auto config = mta::parse_config("hostname = \"here.example\"\n" + toml, "test.toml");
  REQUIRE(config.ok());
  asio::io_context io;
  mta::control::TlsDemands demands{"nobody"};
  const auto domain = proto::Domain::parse("there.example").value();
  const std::shared_ptr<ScriptedResolver> resolver(&dns, [](ScriptedResolver*) {});
  mta::net::TcpConnector connector(io.get_executor());
  mta::sts::Policies policies{mta::sts::PolicyCache()};
  mta::sts::Lookup lookup(io, policies, connector, 1);
  const std::string text = "version: STSv1\nmx: *.there.example\nmax_age: 31536000\nmode: " + mode;
  const WallTime fetched{std::chrono::sys_days{std::chrono::year(2099) / 6 / 1}};
  if (!mode.empty()) policies.keep("there.example", {mta::sts::parse_policy(text).value(), "7", fetched, fetched});
  asio::co_spawn(io, mta::control::find_tls_demands(*config, resolver, mode.empty() ? nullptr : &lookup, domain, {}),
                 [&](std::exception_ptr error, mta::control::TlsDemands found) {
                   if (error) std::rethrow_exception(error);
                   demands = std::move(found);
                 });
  io.run();
  std::ostringstream out;
  mta::cli::print_tls(out, "there.example", demands);
  return out.str();
}

ScriptedResolver& with_hosts(ScriptedResolver& dns) {
  dns.authenticated = true;
  dns.mx("there.example", 10, "mx1.there.example").a("mx1.there.example", "192.0.2.1").aaaa("mx1.there.example", "2001:db8::1");
  return dns.mx("there.example", 20, "mx2.there.example").a("mx2.there.example", "192.0.2.2");
}

std::string state_of(const std::string& toml, dns::Authentication::By by) {
  return mta::config::dane_state(mta::parse_config(toml, "test.toml").value(), {by, "the reason"});
}

}  // namespace

TEST_CASE("mxpress tls: each mail host with its addresses, what is demanded of it and by whom, and what becomes of its records") {
  ScriptedResolver dns;
  with_hosts(dns).tlsa("_25._tcp.mx1.there.example", kRecord).tlsa("_25._tcp.mx1.there.example", "\x01" + kRecord.substr(1));
  CHECK(said(dns) ==
        "there.example: mail hosts by the DNS\n"
        "  mx1.there.example (192.0.2.1:25, [2001:db8::1]:25)\n"
        "    TLS with a certificate that its TLSA records name, by DANE (TLSA records of _25._tcp.mx1.there.example)\n"
        "      1 1 1 7878787878787878... is not used: usage 1 is not for mail\n"
        "      3 1 1 7878787878787878...\n"
        "  mx2.there.example (192.0.2.2:25)\n"
        "    TLS where it works, with any certificate; else clear text, by [delivery] tls\n"
        "    no DANE: it has no TLSA record\n");
}

TEST_CASE("mxpress tls: where the answer about the mail hosts is not authenticated there is no DANE, and it says so") {
  ScriptedResolver dns;
  with_hosts(dns).leave_unsigned("there.example");
  CHECK_THAT(said(dns), Catch::Contains("no DANE: the answer about the mail hosts is not authenticated (DNSSEC)\n"));
}

TEST_CASE("mxpress tls: a host whose records cannot be looked up, a route, a switch, and a domain without hosts") {
  ScriptedResolver dns;
  with_hosts(dns).fail("_25._tcp.mx1.there.example");
  CHECK_THAT(said(dns),
             Catch::Contains("    no mail for now: its TLSA records could not be looked up (SERVFAIL from 192.0.2.53:53), by DANE"));
  CHECK_THAT(said(dns, "delivery.dane = false\n"), !Catch::Contains("DANE"));
  const auto config = "delivery.tls = true\nroute.host = \"mx1.there.example\"\nroute.tls = \"verify\"\n";
  CHECK_THAT(said(dns, config), Catch::Contains("mail hosts by [route]\n") &&
                                    Catch::Contains("    TLS with a trusted certificate for mx1.there.example, by [route]\n"));
  dns.fail("there.example");
  CHECK_THAT(said(dns), Catch::Contains("  The mail hosts of there.example could not be looked up: SERVFAIL"));
}

TEST_CASE("mxpress tls: the policy of the domain, and what it demands of each host, or why there is none") {
  ScriptedResolver dns;
  dns.mx("there.example", 10, "mx1.there.example").a("mx1.there.example", "192.0.2.1");
  dns.mx("there.example", 20, "mx.elsewhere.example").a("mx.elsewhere.example", "192.0.2.2");
  const std::string no_dane = "delivery.dane = false\n";
  CHECK_THAT(said(dns, no_dane, "enforce"), Catch::Contains(" (there is no record at _mta-sts.there.example)\n"));
  dns.txt("_mta-sts.there.example", "v=STSv1; id=7");
  CHECK(
      said(dns, no_dane, "enforce") ==
      "there.example: mail hosts by the DNS\n"
      "  MTA-STS: mode enforce, id 7, mx *.there.example, obeyed until Tue, 01 Jun 2100 00:00:00 +0000\n"
      "  mx1.there.example (192.0.2.1:25)\n"
      "    TLS with a trusted certificate for its own name, which must be one of *.there.example, by the MTA-STS policy of the recipient's "
      "domain\n"
      "  mx.elsewhere.example (192.0.2.2:25)\n"
      "    no mail: the policy does not list it, by the MTA-STS policy of the recipient's domain\n");
  CHECK_THAT(said(dns, "", "testing"),
             Catch::Contains("    TLS where it works, else clear text; a certificate for its own name is only tested"));
  CHECK_THAT(said(dns, "", "testing"), Catch::Contains("the policy, only tested, does not list it"));
  CHECK_THAT(said(dns, "", "none"), Catch::Contains("  MTA-STS: mode none, ") && Catch::Contains("any certificate; else clear text"));
  CHECK_THAT(said(dns, "delivery.mta_sts = false\n", "enforce"), !Catch::Contains("MTA-STS"));
}

TEST_CASE("dane: whether it is on follows from the configuration and from what the validator has found") {
  using By = dns::Authentication::By;
  CHECK(state_of("", By::name_server) == "on: the reason");
  CHECK(state_of("", By::library) == "on: the reason");
  CHECK(state_of("", By::nobody) == "off: the reason");
  CHECK(state_of("", By::unknown) == "unknown: the reason");
  CHECK(state_of("delivery.dane = false", By::library) == "off: [delivery] dane = false");
  CHECK(state_of("delivery.tls = false", By::library) == "off: [delivery] tls = false");
}
