// Reports about TLS over days of deliveries, in virtual time: with the real workers, DNS lookups, and the report as mail. RFC 8460.
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;

// Domains whose mail hosts have no STARTTLS: one wants it by DANE, one does not want it. Their reports go to a third.
struct World {
  Simulation world{"tls.reports = true\ndelivery.mta_sts = false"};
  SimulatedHost there, reports;
  World() {
    auto& dns = *world.dns;
    dns.authenticated = true;
    dns.mx("none.example", 10, "mx.none.example").a("mx.none.example", "192.0.2.1");
    dns.mx("dane.example", 10, "mx.dane.example").a("mx.dane.example", "192.0.2.1");
    dns.tlsa("_25._tcp.mx.dane.example", "\x03\x01\x01" + std::string(32, 'x'));
    dns.mx("silent.example", 10, "mx.none.example");
    dns.mx("reports.example", 10, "mx.reports.example").a("mx.reports.example", "192.0.2.2");
    for (const std::string domain : {"none.example", "dane.example", "reports.example"})
      dns.txt("_smtp._tls." + domain, "v=TLSRPTv1; rua=mailto:" + domain.substr(0, 4) + "@reports.example");
    world.host("192.0.2.1:25", there);
    world.host("192.0.2.2:25", reports);
  }
  void send(const std::string& domain) { world.submit("me@here.example", {"you@" + domain}); }
  std::size_t reports_to(const std::string& name) {
    return static_cast<std::size_t>(std::count_if(reports.received.begin(), reports.received.end(), [&](const SimulatedMail& mail) {
      return mail.recipients.find(name + "@reports.example") != std::string::npos;
    }));
  }
};

}  // namespace

TEST_CASE("tlsrpt simulation: over two days each domain that asks gets a report a day, and nobody gets one about reports") {
  World both;
  for (int day = 1; day <= 2; ++day) {
    both.send("none.example");
    both.send("dane.example");
    both.send("silent.example");
    both.world.run_for(24h);
  }
  both.world.run_for(24h);
  CHECK(both.there.received.size() == 4);  // that of dane.example waits, and its attempts are sessions of the third day, too
  CHECK(both.reports_to("none") == 2);
  CHECK(both.reports_to("dane") >= 2);
  CHECK(both.reports_to("dane") <= 3);
  CHECK(both.reports_to("repo") == 0);
  for (const SimulatedMail& mail : both.reports.received) {
    CHECK(mail.sender.starts_with("<postmaster@mail.here.example>"));
    CHECK(mail.content.find("TLS-Report-Submitter: mail.here.example\r\n") != std::string::npos);
  }
  CHECK(std::none_of(both.world.dns->asked.begin(), both.world.dns->asked.end(),
                     [](const dns::Question& question) { return question.name == "_smtp._tls.reports.example"; }));
}

TEST_CASE("tlsrpt simulation: a restart in the middle of the day loses no session, and a record that is slow delays no mail") {
  World both;
  both.world.dns->delay = 20s;
  both.send("none.example");
  REQUIRE(both.world.run_until([&] { return both.there.received.size() == 1; }, 5min));
  const auto asked = [&] {
    return std::any_of(both.world.dns->asked.begin(), both.world.dns->asked.end(),
                       [](const dns::Question& question) { return question.name == "_smtp._tls.none.example"; });
  };
  CHECK(both.world.run_until(asked, 1min));
  both.world.restart(1h);
  both.send("none.example");
  both.world.run_for(30h);
  REQUIRE(both.reports_to("none") == 1);
  CHECK(both.reports.received[0].content.find("Sessions without:              2\r\n") != std::string::npos);
}

}  // namespace mxpress::testing
