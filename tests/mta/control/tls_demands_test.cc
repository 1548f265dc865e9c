// What `mxpress tls` finds out, and how it says it.
#include "mta/control/tls_demands.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <sstream>

#include "mta/cli/tls_command.h"
#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "tests/support/scripted_resolver.h"

using namespace mxpress;
using mxpress::testing::ScriptedResolver;

namespace {

const std::string kRecord = "\x03\x01\x01" + std::string(32, 'x');

std::string said(ScriptedResolver& dns, const std::string& toml = "") {
  const auto config = mta::parse_config("hostname = \"here.example\"\n" + toml, "test.toml");
  REQUIRE(config.ok());
  asio::io_context io;
  mta::control::TlsDemands demands{"nobody"};
  const auto domain = proto::Domain::parse("there.example").value();
  asio::co_spawn(io, mta::control::find_tls_demands(*config, dns, domain, {}),
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

std::string state_of(const std::string& toml) { return mta::config::dane_state(mta::parse_config(toml, "test.toml").value()); }

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

TEST_CASE("mxpress tls: where the answer is not authenticated the name server is doubted, unless it has authenticated the root") {
  ScriptedResolver dns;
  with_hosts(dns).leave_unsigned("there.example").ns("", "a.root.example");
  CHECK_THAT(said(dns), Catch::Contains("no DANE: the answer about the mail hosts is not authenticated (DNSSEC)\n") &&
                            !Catch::Contains("does not validate"));
  dns.authenticated = false;
  CHECK_THAT(said(dns), Catch::EndsWith("  192.0.2.53:53 does not validate DNSSEC, or is not trusted for it: see [dns] trusted in "
                                        "mxpress.toml(5)\n"));
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

TEST_CASE("dane: whether it is on follows from the name servers, and the reason names them") {
  CHECK(state_of("dns.servers = [\"127.0.0.1:53\"]") == "on: 127.0.0.1:53 is trusted for DNSSEC");
  CHECK(state_of("dns.servers = [\"192.0.2.53\"]\ndns.trusted = true") == "on: 192.0.2.53:53 is trusted for DNSSEC");
  CHECK_THAT(state_of("dns.servers = [\"192.0.2.53\", \"127.0.0.11\"]"),
             Catch::StartsWith("off: no name server is trusted for DNSSEC (192.0.2.53:53, 127.0.0.11:53): "));
  CHECK(state_of("dns.servers = [\"127.0.0.1\", \"192.0.2.53\"]") ==
        "on: 127.0.0.1:53 is trusted for DNSSEC; 192.0.2.53:53 is not, and its answers count as unsigned");
  CHECK(state_of("delivery.dane = false") == "off: [delivery] dane = false");
  CHECK(state_of("delivery.tls = false") == "off: [delivery] tls = false");
}
