// Certificate by policy over real connections: the level reached, the report, and whether mail is sent.
#include <openssl/ssl.h>

#include "mta/net/trust_anchors.h"
#include "tests/support/certificates.h"
#include "tests/support/stderr_pipe.h"
#include "tests/support/tls_sender.h"

namespace mxpress::testing {
namespace {

using namespace mta::net;
using proto::Outcome;

constexpr const char* kHost = "mx.there.example";

TlsPolicy verify() { return TlsPolicy::verify({ReferenceName::parse(kHost).value()}, "[delivery] tls", trusted_authority()); }

TlsPolicy sts(StsMode mode, std::string_view pattern = "*.there.example") {
  return TlsPolicy::sts({MxPattern::parse(pattern).value()}, mode, "MTA-STS policy of there.example", trusted_authority());
}

MailHostBehaviour with_certificate(const CertificateWish& wish) {
  return with_tls([certificate = Certificate(wish)](SSL_CTX* context) { certificate.use(context); });
}

struct HostCase {
  const char* what;
  MailHostBehaviour host;
  TlsLevel any_level;  // level under a policy without requirements on certificates
  TlsFailure failure;  // under a policy that requires the name
};

std::vector<HostCase> host_cases() {
  MailHostBehaviour refuses = with_certificate({}), broken = with_certificate({});
  refuses.stages["STARTTLS"] = {"454 4.7.0 TLS not available"};
  broken.breaks_tls_at = 100;
  MailHostBehaviour old = with_certificate({});
  old.tls = HostTls::too_old;
  return {
      {"right", with_certificate({}), TlsLevel::encrypted, TlsFailure::none},
      {"wildcard", with_certificate({.dns_names = {"*.there.example"}}), TlsLevel::encrypted, TlsFailure::none},
      {"expired", with_certificate({.first_day = -9, .last_day = -1}), TlsLevel::encrypted, TlsFailure::certificate_expired},
      {"not yet valid", with_certificate({.first_day = 2, .last_day = 9}), TlsLevel::encrypted, TlsFailure::validation_failure},
      {"self-signed", with_certificate({.issuer = Issuer::itself}), TlsLevel::encrypted, TlsFailure::certificate_not_trusted},
      {"unknown authority", with_certificate({.issuer = Issuer::unknown_authority}), TlsLevel::encrypted,
       TlsFailure::certificate_not_trusted},
      {"another name", with_certificate({.dns_names = {"mx.elsewhere.example"}}), TlsLevel::encrypted,
       TlsFailure::certificate_host_mismatch},
      {"name in the subject only", with_certificate({.dns_names = {}, .common_name = kHost}), TlsLevel::encrypted,
       TlsFailure::certificate_host_mismatch},
      {"no STARTTLS", MailHostBehaviour{}, TlsLevel::clear, TlsFailure::starttls_not_supported},
      {"refuses STARTTLS", refuses, TlsLevel::clear, TlsFailure::starttls_not_supported},
      {"breaks off the handshake", broken, TlsLevel::clear, TlsFailure::validation_failure},
      {"TLS 1.1 alone", old, TlsLevel::clear, TlsFailure::validation_failure},
  };
}

// The expected result of `policy` with the host.
struct Wanted {
  TlsLevel level;
  TlsFailure failure;
  bool mail_goes;
};

Wanted wanted(const HostCase& host, const TlsPolicy& policy) {
  const bool is_tls = host.any_level != TlsLevel::clear;
  const bool asks_for_name = policy.needs_certificate() || policy.is_testing();
  const TlsFailure failure = is_tls && !asks_for_name ? TlsFailure::none : host.failure;
  const bool is_right = failure == TlsFailure::none;
  if (policy.kind() == TlsPolicy::Kind::none) return {TlsLevel::clear, TlsFailure::none, true};
  if (!asks_for_name) return {host.any_level, failure, is_tls || policy.allows_clear()};
  if (policy.is_testing()) return {is_right ? TlsLevel::verified : host.any_level, failure, true};
  return {is_right ? TlsLevel::verified : TlsLevel::clear, failure, is_right};
}

TEST_CASE(
    "delivery under a TLS policy: certificate by policy: level, failure, and whether mail goes; clear text only if the policy allows it") {
  const std::vector<TlsPolicy> policies{TlsPolicy::none(), TlsPolicy::may(),      TlsPolicy::encrypt("a test"),
                                        verify(),          sts(StsMode::enforce), sts(StsMode::testing)};
  for (const HostCase& row : host_cases())
    for (const TlsPolicy& policy : policies) {
      CAPTURE(row.what, policy.text());
      const Wanted expected = wanted(row, policy);
      Sender sender;
      TcpMailHost host(sender.io.get_executor(), row.host);
      const auto report = sender.attempt({host.target(kHost)}, policy, expected.mail_goes ? Outcome::delivered : Outcome::deferred);
      CHECK(host.host().messages().size() == (expected.mail_goes ? 1u : 0u));
      if (expected.mail_goes) CHECK(host.host().messages()[0].tls == (expected.level != TlsLevel::clear));
      if (policy.kind() <= TlsPolicy::Kind::may) {
        CHECK(report.tls.empty());
        continue;
      }
      REQUIRE_FALSE(report.tls.empty());
      const TlsResult& first = report.tls.front().result;
      CHECK(first.wanted == policy);
      CHECK(first.failure == expected.failure);
      if (first.failure != TlsFailure::none || report.tls.size() == 1) CHECK(report.tls.back().result.reached == expected.level);
      if (expected.mail_goes) continue;
      CHECK(report.site_failed);
      CHECK(report.failure.status.to_string() == (expected.failure == TlsFailure::starttls_not_supported ? "4.7.4" : "4.7.5"));
      CHECK(report.failure.stage == proto::Stage::tls);
      CHECK(report.failure.reply_code == 0);
      // A weaker offer is made where the handshake itself failed and no certificate is required.
      const bool has_another_offer = !policy.needs_certificate() && expected.failure == TlsFailure::validation_failure;
      CHECK(host.host().connections() == (has_another_offer ? 2 : 1));
    }
}

TEST_CASE("delivery under a TLS policy: a host that does not fulfil the policy is passed over, and the next one gets the mail") {
  Sender sender;
  TcpMailHost without(sender.io.get_executor()), expired(sender.io.get_executor(), with_certificate({.first_day = -9, .last_day = -1}));
  TcpMailHost right(sender.io.get_executor(), with_certificate({}));
  const auto report = sender.attempt({without.target(kHost), expired.target(kHost), right.target(kHost)}, verify(), Outcome::delivered);
  REQUIRE(report.tls.size() == 3);
  CHECK(report.tls[0].result.failure == TlsFailure::starttls_not_supported);
  CHECK(report.tls[1].result.failure == TlsFailure::certificate_expired);
  CHECK(report.tls[2].result.reached == TlsLevel::verified);
  CHECK(without.host().messages().empty());
  CHECK(without.host().commands().back() == "QUIT");
  CHECK(expired.host().messages().empty());
  CHECK(right.host().messages().size() == 1);
  CHECK_FALSE(report.site_failed);
}

TEST_CASE("delivery under a TLS policy: the reason says what was wanted and by whom, what the host has, and what can be done") {
  Sender sender;
  TcpMailHost without(sender.io.get_executor());
  TcpMailHost other(sender.io.get_executor(), with_certificate({.dns_names = {"mx.elsewhere.example"}}));
  const auto text = [&](const TcpMailHost& host, const TlsPolicy& policy) {
    return sender.attempt({host.target(kHost)}, policy, Outcome::deferred).results[0].last.text;
  };
  CHECK(text(without, TlsPolicy::encrypt("[delivery] tls")) ==
        "TLS is required by [delivery] tls, but the mail host does not offer STARTTLS; its operator can enable STARTTLS, or the policy can "
        "be changed");
  CHECK(text(other, sts(StsMode::enforce)) ==
        "TLS with a trusted certificate for mx.there.example is required by MTA-STS policy of there.example, but the mail host's "
        "certificate is for mx.elsewhere.example; its operator can use a certificate with this name, or the policy can be changed");
  CHECK(text(other, sts(StsMode::enforce, "mx.elsewhere.example")).find("but the policy does not list this mail host") !=
        std::string::npos);
}

TEST_CASE("delivery under a TLS policy: a host that an MTA-STS policy does not list is not connected to, unless the policy is tested") {
  Sender sender;
  TcpMailHost host(sender.io.get_executor(), with_certificate({}));
  auto report = sender.attempt({host.target(kHost)}, sts(StsMode::enforce, "*.elsewhere.example"), Outcome::deferred);
  CHECK(host.host().connections() == 0);
  CHECK(report.tls.at(0).result.failure == TlsFailure::validation_failure);
  report = sender.attempt({host.target(kHost)}, sts(StsMode::testing, "*.elsewhere.example"), Outcome::delivered);
  CHECK(report.tls.at(0).result.failure == TlsFailure::validation_failure);
  CHECK(host.host().messages().size() == 1);
}

TEST_CASE("delivery under a TLS policy: what `may` has learnt of a host, clear text too, is not used for a policy that demands more") {
  Sender sender;
  MailHostBehaviour behaviour = with_certificate({});
  behaviour.breaks_tls_at = 100;
  TcpMailHost host(sender.io.get_executor(), behaviour);
  sender.attempt(host.target(kHost));
  CHECK_FALSE(host.host().messages().at(0).tls);
  host.host().behaviour().breaks_tls_at.reset();
  sender.attempt({host.target(kHost)}, verify(), Outcome::delivered);
  CHECK(host.host().messages().at(1).tls);
  sender.attempt(host.target(kHost));
  CHECK_FALSE(host.host().messages().at(2).tls);
}

TEST_CASE(
    "delivery under a TLS policy: DH parameters that somebody may break are taken for encryption, and not where a certificate is asked "
    "for") {
  Sender sender;
  TcpMailHost host(sender.io.get_executor(), with_tls([](SSL_CTX* context) {
                     use_rsa_certificate(context, 2048);
                     insist_on_dh(context, 1024);
                   }));
  sender.attempt({host.target(kHost)}, TlsPolicy::encrypt("a test"), Outcome::delivered);
  CHECK(host.host().connections() == 2);
  CHECK(host.host().messages().at(0).tls);
  sender.attempt({host.target(kHost)}, verify(), Outcome::deferred);
  CHECK(host.host().connections() == 3);
}

TEST_CASE("delivery under a TLS policy: DANE takes the host of the record, whatever its authority and date, and no other") {
  const Certificate certificate({.issuer = Issuer::itself, .first_day = -9, .last_day = -1}), other{CertificateWish{}};
  Sender sender;
  TcpMailHost host(sender.io.get_executor(), with_tls([&](SSL_CTX* context) { certificate.use(context); }));
  auto report = sender.attempt({host.target(kHost)}, TlsPolicy::dane({certificate.tlsa(3, 1, 1)}, "TLSA records"), Outcome::delivered);
  CHECK(report.tls.at(0).result.reached == TlsLevel::verified);
  report = sender.attempt({host.target(kHost)}, TlsPolicy::dane({other.tlsa(3, 1, 1)}, "TLSA records"), Outcome::deferred);
  CHECK(report.tls.at(0).result.failure == TlsFailure::validation_failure);
  CHECK(host.server_name() == kHost);
}

TEST_CASE("delivery under a TLS policy: the log has a line for each host that does not fulfil the policy, by the types of RFC 8460") {
  StderrPipe pipe;
  mta::start_log(mta::LogTarget::standard_error);
  Sender sender;
  TcpMailHost host(sender.io.get_executor(), with_certificate({.dns_names = {"mx.elsewhere.example"}}));
  const auto target = host.target(kHost);
  sender.attempt({target}, sts(StsMode::testing), Outcome::delivered);
  mta::stop_log();
  const std::string log = pipe.read_all();
  CHECK(log.find(" tls host=mx.there.example[" + target.address_text() +
                 "] policy=sts source=\"MTA-STS policy of there.example\" level=encrypted failure=certificate-host-mismatch "
                 "why=\"the mail host's certificate is for mx.elsewhere.example\"") != std::string::npos);
}

}  // namespace
}  // namespace mxpress::testing
