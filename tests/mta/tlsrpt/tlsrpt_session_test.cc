// Connections as sessions that are counted. RFC 8460 4.3.
#include <catch2/catch.hpp>

#include "dns/target.h"
#include "mta/events/event.h"
#include "mta/net/dane.h"
#include "mta/sts/policies.h"
#include "mta/tlsrpt/session.h"
#include "proto/envelope.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using mta::net::TlsFailure;
using mta::net::TlsLevel;
using mta::net::TlsPolicy;
using mta::net::TlsResult;
using mta::tlsrpt::Policy;
using mta::tlsrpt::Session;

namespace {

TlsResult result(TlsPolicy wanted, TlsLevel reached, TlsFailure failure = TlsFailure::none, std::string detail = {}) {
  return {std::move(wanted), reached, failure, std::move(detail)};
}

struct Connection {
  dns::Target target{"mx.there.example", dns::Address::parse("192.0.2.1").value()};
  proto::Envelope envelope;
  TlsResult tls;

  explicit Connection(TlsResult of) : tls(std::move(of)) {
    envelope.recipients.push_back({proto::Mailbox::parse("you@elsewhere.example").value(), {}, {}});
    envelope.recipients.push_back({proto::Mailbox::parse("you@There.Example").value(), {}, {}});
  }
  std::optional<Session> counted(mta::sts::Policies* policies = nullptr) const {
    return mta::tlsrpt::session_of(mta::events::Connected{{}, target, tls, true, &envelope, 1, "198.51.100.9", "mx1.there.example\x1b[2J"},
                                   policies);
  }
};

TlsPolicy published(mta::net::StsMode mode) {
  return TlsPolicy::published_sts({mta::net::MxPattern::parse("*.there.example").value()}, mode, "MTA-STS");
}

}  // namespace

TEST_CASE("tlsrpt session: which connections count, and as what") {
  struct Case {
    const char* what;
    TlsResult tls;
    const char* expected;
  };
  const TlsPolicy tested = published(mta::net::StsMode::testing);
  const Case cases[] = {
      {"TLS without a policy", result(TlsPolicy(), TlsLevel::encrypted), "no-policy-found"},
      {"any certificate will do", result(TlsPolicy(), TlsLevel::encrypted, TlsFailure::certificate_not_trusted), "no-policy-found"},
      {"no STARTTLS", result(TlsPolicy(), TlsLevel::clear, TlsFailure::starttls_not_supported), "no-policy-found starttls-not-supported"},
      {"no connection", result(TlsPolicy(), TlsLevel::clear), "nothing"},
      {"TLS is off here", result(TlsPolicy::none(), TlsLevel::clear), "nothing"},
      {"MTA-STS fulfilled", result(published(mta::net::StsMode::enforce), TlsLevel::verified), "sts"},
      {"MTA-STS tested, not fulfilled", result(tested, TlsLevel::encrypted, TlsFailure::certificate_expired), "sts certificate-expired"},
      {"DANE not looked up",
       {TlsPolicy::unknown_dane("SERVFAIL", "DANE"), TlsLevel::clear, TlsFailure::dnssec_invalid},
       "tlsa dnssec-invalid"},
  };
  for (const Case& one : cases) {
    INFO(one.what);
    const auto session = Connection(one.tls).counted();
    std::string found = session ? std::string(to_string(session->policy.type)) : "nothing";
    if (session && session->failure) found += " " + std::string(to_string(session->failure->type));
    CHECK(found == one.expected);
    if (session) CHECK(session->domain == "there.example");
  }
}

TEST_CASE("tlsrpt session: a failure says which hosts, by their addresses and names, in printable text") {
  const auto session =
      Connection(result(TlsPolicy(), TlsLevel::clear, TlsFailure::starttls_not_supported, "refused\r\nSTARTTLS")).counted();
  REQUIRE(session);
  const auto& failure = session->failure.value();
  CHECK(failure.sending_address == "198.51.100.9");
  CHECK(failure.host == "mx.there.example");
  CHECK(failure.host_name == "mx1.there.example[2J");
  CHECK(failure.address == "192.0.2.1");
  CHECK(failure.reason == "refused STARTTLS");
}

TEST_CASE("tlsrpt session: DANE is told by its records and their domain, MTA-STS by its lines with the age that is known") {
  testing::VirtualTime time;
  Connection dane(result(TlsPolicy(), TlsLevel::verified));
  dane.target.tlsa = {
      .kind = dns::HostTlsa::Kind::found, .base = "mx.base.example", .port = 25, .records = {"\x03\x01\x01" + std::string(32, '\xab')}};
  dane.tls.wanted = mta::net::policy_for(dane.target, TlsPolicy());
  const Policy by_dane = dane.counted().value().policy;
  CHECK(by_dane.domain == "mx.base.example");
  std::string digest;
  for (int i = 0; i < 32; ++i) digest += "ab";
  CHECK(by_dane.lines == std::vector<std::string>{"3 1 1 " + digest});
  CHECK(by_dane.mx.empty());

  mta::sts::Policies policies(nullptr, "", nullptr);
  const Connection sts(result(published(mta::net::StsMode::testing), TlsLevel::verified));
  CHECK(sts.counted(&policies)->policy.lines == std::vector<std::string>{"version: STSv1", "mode: testing", "mx: *.there.example"});
  const std::string text = "version: STSv1\nmode: testing\nmx: *.there.example\nmax_age: 86400\n";
  policies.keep("there.example", {mta::sts::parse_policy(text).value(), "1", time.wall(), time.wall()});
  const Policy by_sts = sts.counted(&policies).value().policy;
  CHECK(by_sts.lines == std::vector<std::string>{"version: STSv1", "mode: testing", "mx: *.there.example", "max_age: 86400"});
  CHECK(by_sts.mx == std::vector<std::string>{"*.there.example"});
  CHECK(by_sts.domain == "there.example");
}

TEST_CASE("tlsrpt session: neither the connections of a report count, nor those of a route, nor an address as a domain") {
  Connection one(result(TlsPolicy(), TlsLevel::encrypted));
  REQUIRE(one.counted());
  one.envelope.submitter.program = "tlsrpt";  // a program of this name
  CHECK(one.counted());
  one.envelope.submitter.entrance = "mxpressd";
  CHECK_FALSE(one.counted());
  one.envelope.submitter.program.clear();
  CHECK(one.counted());
  one.envelope.tls = proto::TlsWish::waive;
  CHECK_FALSE(one.counted());
  one.envelope.tls = proto::TlsWish::usual;
  CHECK_FALSE(mta::tlsrpt::session_of(mta::events::Connected{{}, one.target, one.tls, true}, nullptr));
  one.envelope.recipients[1].mailbox = proto::Mailbox::parse("you@[192.0.2.1]").value();
  CHECK_FALSE(one.counted());
}
