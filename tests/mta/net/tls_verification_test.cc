// Certificates that fulfil each policy, against OpenSSL servers in memory.
#include <openssl/ssl.h>

#include <catch2/catch.hpp>

#include "mta/net/trust_anchors.h"
#include "tests/support/certificates.h"
#include "tests/support/tls_server.h"

namespace mxpress::testing {
namespace {

using namespace mta::net;
using mta::net::HandshakeFailure;
using mta::net::TlsEngine;
using mta::net::TlsOffer;
using mta::net::TlsState;
using Step = TlsEngine::Step;

constexpr const char* kHost = "mx.there.example";

ReferenceName name(std::string_view text) { return ReferenceName::parse(text).value(); }

TlsPolicy verify(std::string_view wanted = kHost) { return TlsPolicy::verify({name(wanted)}, "a test", trusted_authority()); }

TlsPolicy sts(StsMode mode = StsMode::enforce) {
  return TlsPolicy::sts({MxPattern::parse("*.there.example").value()}, mode, "a test", trusted_authority());
}

struct Shaken {
  Step step;
  TlsState state;
};

Shaken shake_once(const Certificate& certificate, const TlsPolicy& policy, const std::string& host, int most) {
  MemoryTlsServer server([&](SSL_CTX* context) {
    certificate.use(context);
    SSL_CTX_set_max_proto_version(context, most);
  });
  TlsEngine client(TlsOffer::usual, host, policy);
  const Step step = server.shake(client);
  return {step, client.state()};
}

// TLS 1.2 and 1.3 must not differ.
Shaken shake(const Certificate& certificate, const TlsPolicy& policy, const std::string& host = kHost) {
  const Shaken older = shake_once(certificate, policy, host, TLS1_2_VERSION);
  const Shaken newer = shake_once(certificate, policy, host, TLS1_3_VERSION);
  CHECK(older.step == newer.step);
  CHECK(older.state.level == newer.state.level);
  CHECK(older.state.failure == newer.state.failure);
  return newer;
}

struct Case {
  const char* what;
  CertificateWish wish;
  TlsFailure failure;
  const char* detail;  // expected beginning
};

const Case kCases[] = {
    {"right", {}, TlsFailure::none, ""},
    {"wildcard", {.dns_names = {"*.there.example"}}, TlsFailure::none, ""},
    {"one of several names", {.dns_names = {"a.example", "MX.There.Example"}}, TlsFailure::none, ""},
    {"expired", {.first_day = -20, .last_day = -10}, TlsFailure::certificate_expired, "the mail host's certificate expired on 20"},
    {"not yet valid",
     {.first_day = 10, .last_day = 20},
     TlsFailure::validation_failure,
     "the mail host's certificate is not valid before 20"},
    {"self-signed", {.issuer = Issuer::itself}, TlsFailure::certificate_not_trusted, "the mail host's certificate cannot be trusted (self"},
    {"unknown authority",
     {.issuer = Issuer::unknown_authority},
     TlsFailure::certificate_not_trusted,
     "the mail host's certificate cannot be trusted (self"},
    {"another name",
     {.dns_names = {"mx.elsewhere.example"}},
     TlsFailure::certificate_host_mismatch,
     "the mail host's certificate is for mx.elsewhere.example"},
    {"name in the subject only",
     {.dns_names = {}, .common_name = kHost},
     TlsFailure::certificate_host_mismatch,
     "the mail host's certificate names no host (subjectAltName)"},
    {"wildcard for another label",
     {.dns_names = {"*.mx.there.example", "*.example"}},
     TlsFailure::certificate_host_mismatch,
     "the mail host's certificate is for *.mx.there.example, *.example"},
    {"wildcard within a label",
     {.dns_names = {"m*.there.example", "*x.there.example"}},
     TlsFailure::certificate_host_mismatch,
     "the mail host's certificate is for m*.there.example, *x.there.example"},
    {"an address",
     {.dns_names = {}, .addresses = {"192.0.2.1"}},
     TlsFailure::certificate_host_mismatch,
     "the mail host's certificate names"},
};

TEST_CASE(
    "tls verification: each certificate fulfils a policy that asks for the name, or ends the handshake with the failure of its kind") {
  for (const Case& row : kCases) {
    CAPTURE(row.what);
    const Certificate certificate(row.wish);
    for (const TlsPolicy& policy : {verify(), sts()}) {
      const Shaken result = shake(certificate, policy);
      const bool is_right = row.failure == TlsFailure::none;
      CHECK((result.step == Step::done) == is_right);
      CHECK(result.state.level == (is_right ? TlsLevel::verified : TlsLevel::clear));
      CHECK(result.state.failure == row.failure);
      CHECK(result.state.handshake == (is_right ? HandshakeFailure::none : HandshakeFailure::certificate));
      CHECK(result.state.detail.starts_with(row.detail));
    }
  }
}

TEST_CASE("tls verification: any certificate is enough for may, encrypt and a policy that is tested, which alone records the failure") {
  for (const Case& row : kCases) {
    CAPTURE(row.what);
    const Certificate certificate(row.wish);
    for (const TlsPolicy& policy : {TlsPolicy::may(), TlsPolicy::encrypt("a test"), sts(StsMode::testing)}) {
      const Shaken result = shake(certificate, policy);
      const bool is_known = policy.anchors() && row.failure == TlsFailure::none;
      CHECK(result.step == Step::done);
      CHECK(result.state.level == (is_known ? TlsLevel::verified : TlsLevel::encrypted));
      CHECK(result.state.failure == (policy.anchors() ? row.failure : TlsFailure::none));
      CHECK(result.state.description.ends_with(is_known ? "(verified)" : "(unverified)"));
    }
  }
}

TEST_CASE("tls verification: the reference is the policy's name, and not the name of the host") {
  const Certificate hub({.dns_names = {"hub.example", "xn--mller-kva.example"}, .addresses = {"192.0.2.1", "2001:db8::1"}});
  for (const char* fits : {"hub.example", "HUB.example.", "m\u00fcller.example", "192.0.2.1", "[2001:db8::1]"}) {
    CAPTURE(fits);
    CHECK(shake(hub, verify(fits)).state.level == TlsLevel::verified);
  }
  for (const char* other : {kHost, "a.hub.example", "192.0.2.2", "2001:db8::2"}) {
    CAPTURE(other);
    CHECK(shake(hub, verify(other)).state.failure == TlsFailure::certificate_host_mismatch);
  }
  const auto any_of_two = TlsPolicy::verify({name("a.example"), name("192.0.2.1")}, "a test", trusted_authority());
  CHECK(shake(hub, any_of_two).state.level == TlsLevel::verified);
  CHECK(shake(hub, TlsPolicy::verify({}, "a test", trusted_authority()), "hub.example").step == Step::failed);
}

TEST_CASE("tls verification: a host that is an address is looked for as an address") {
  const Certificate certificate({.dns_names = {"192.0.2.1"}, .addresses = {"192.0.2.7"}});
  CHECK(shake(certificate, sts(StsMode::testing), "192.0.2.7").state.level == TlsLevel::verified);
  CHECK(shake(certificate, sts(StsMode::testing), "[192.0.2.7]").state.level == TlsLevel::verified);
  CHECK(shake(certificate, sts(StsMode::testing), "192.0.2.1").state.level == TlsLevel::encrypted);
}

TEST_CASE("tls verification: without own anchors the system's are asked, which do not know the authority of the tests") {
  const Certificate certificate{CertificateWish{}};
  CHECK(shake(certificate, TlsPolicy::verify({name(kHost)}, "a test")).state.failure == TlsFailure::certificate_not_trusted);
}

struct TlsaCase {
  const char* what;
  CertificateWish wish;
  std::uint8_t usage, selector, matching;
  bool matches;
};

// RFC 7672 3.1.1: usage 3 requires neither names nor dates; 3.1.2: usage 2 does.
const TlsaCase kTlsaCases[] = {
    {"3 1 1", {}, 3, 1, 1, true},
    {"3 0 1", {}, 3, 0, 1, true},
    {"3 1 2", {}, 3, 1, 2, true},
    {"3 1 0", {}, 3, 1, 0, true},
    {"3 1 1, expired", {.first_day = -20, .last_day = -10}, 3, 1, 1, true},
    {"3 1 1, another name", {.dns_names = {"elsewhere.example"}}, 3, 1, 1, true},
    {"3 1 1, self-signed", {.issuer = Issuer::itself}, 3, 1, 1, true},
    {"2 1 1", {}, 2, 1, 1, true},
    {"2 0 1, an authority that the system does not know", {.issuer = Issuer::unknown_authority}, 2, 0, 1, true},
    {"2 1 1, another name", {.dns_names = {"elsewhere.example"}}, 2, 1, 1, false},
    {"2 1 1, name in the subject only", {.dns_names = {}, .common_name = kHost}, 2, 1, 1, false},
    {"2 1 1, expired", {.first_day = -20, .last_day = -10}, 2, 1, 1, false},
};

TEST_CASE("dane: a TLSA record names the certificate or its authority; another certificate ends the handshake") {
  for (const TlsaCase& row : kTlsaCases) {
    CAPTURE(row.what);
    const Certificate certificate(row.wish), other(row.wish);
    const TlsaRecord record = certificate.tlsa(row.usage, row.selector, row.matching);
    const TlsPolicy policy = TlsPolicy::dane({record, {1, 1, 1, record.data}}, "a test");
    CHECK(shake(certificate, policy).state.level == (row.matches ? TlsLevel::verified : TlsLevel::clear));
    if (row.usage != 3) continue;
    const Shaken result = shake(other, policy);
    CHECK(result.step == Step::failed);
    CHECK(result.state.failure == TlsFailure::validation_failure);
    CHECK(result.state.detail == "the mail host's certificate is not the one of its TLSA records");
  }
}

TEST_CASE("dane: a roll-over works with either record, no record matches nothing, and unusable ones ask for TLS alone") {
  const Certificate before{CertificateWish{}}, after{CertificateWish{}};
  const TlsPolicy both = TlsPolicy::dane({before.tlsa(3, 1, 1), after.tlsa(3, 1, 1)}, "a test");
  CHECK(shake(before, both).state.level == TlsLevel::verified);
  CHECK(shake(after, both).state.level == TlsLevel::verified);
  CHECK(shake(before, TlsPolicy::dane({}, "a test")).step == Step::failed);
  CHECK(shake(before, TlsPolicy::dane({{1, 1, 1, before.tlsa(3, 1, 1).data}}, "a test")).state.level == TlsLevel::encrypted);
  CHECK(shake(before, TlsPolicy::dane({{3, 1, 0, "no key"}}, "a test")).state.level == TlsLevel::encrypted);
  CHECK(shake(before, TlsPolicy::dane({{3, 1, 0, "no key"}, after.tlsa(3, 1, 1)}, "a test")).step == Step::failed);
  CHECK(shake(before, both, "192.0.2.1").step == Step::failed);
}

TEST_CASE(
    "dane: with usage 2 the certificate is for the base domain or one of the other names, with usage 3 for any, and the base is asked "
    "for") {
  const auto demanded = [](const Certificate& certificate, std::uint8_t usage, DaneNames names) {
    return TlsPolicy::dane({certificate.tlsa(usage, 1, 1)}, "a test", std::move(names));
  };
  for (const char* name : {"real.example", "there.example", kHost}) {
    CAPTURE(name);
    const Certificate certificate({.dns_names = {name}});
    CHECK(shake(certificate, demanded(certificate, 2, {"real.example", {"there.example", kHost}})).state.level == TlsLevel::verified);
    CHECK(shake(certificate, demanded(certificate, 2, {"other.example", {"elsewhere.example"}})).step == Step::failed);
    CHECK(shake(certificate, demanded(certificate, 3, {"other.example", {}})).state.level == TlsLevel::verified);
  }
  const Certificate certificate({.dns_names = {"real.example"}});
  MemoryTlsServer server([&](SSL_CTX* context) { certificate.use(context); });
  TlsEngine client(TlsOffer::usual, kHost, demanded(certificate, 3, {"real.example", {}}));
  CHECK(server.shake(client) == Step::done);
  CHECK(SSL_get_servername(server.session(), TLSEXT_NAMETYPE_host_name) == std::string("real.example"));
  CHECK(client.state().description.ends_with("(verified by DANE)"));
}

// RFC 7671 9. OpenSSL judges the set; the record that matches does not count beside one with a stronger digest.
TEST_CASE("dane: a record with a weaker digest is put aside where one of its usage and selector has a stronger one, and is named") {
  const Certificate now{CertificateWish{}}, before{CertificateWish{}};
  const TlsaRecord right = now.tlsa(3, 1, 1), stale = before.tlsa(3, 1, 2);
  const Shaken result = shake(now, TlsPolicy::dane({right, stale}, "a test"));
  CHECK(result.step == Step::failed);
  CHECK(result.state.detail == "the mail host's certificate is not the one of its TLSA records (" + brief(right) +
                                   " does not count beside " + brief(stale) + ", whose digest is stronger)");
  CHECK(shake(now, TlsPolicy::dane({right, before.tlsa(3, 0, 2)}, "a test")).state.level == TlsLevel::verified);
  CHECK(shake(now, TlsPolicy::dane({right, before.tlsa(2, 1, 2)}, "a test")).state.level == TlsLevel::verified);
  CHECK(shake(now, TlsPolicy::dane({right, {3, 1, 2, "short"}}, "a test")).state.level == TlsLevel::verified);
  CHECK(shake(now, TlsPolicy::dane({right, now.tlsa(3, 1, 2)}, "a test")).state.level == TlsLevel::verified);
  CHECK(shake(now, TlsPolicy::dane({now.tlsa(3, 1, 0), stale}, "a test")).state.level == TlsLevel::verified);
}

TEST_CASE("dane: no session is resumed, so that each is compared with the records of its own moment") {
  const Certificate certificate{CertificateWish{}}, other{CertificateWish{}};
  CHECK(shake(certificate, TlsPolicy::dane({certificate.tlsa(3, 1, 1)}, "a test")).state.level == TlsLevel::verified);
  CHECK(shake(certificate, TlsPolicy::dane({other.tlsa(3, 1, 1)}, "a test")).step == Step::failed);
}

TEST_CASE("tls verification: a certificate that is refused is answered by an alert, and nothing is sent inside TLS") {
  const Certificate expired({.first_day = -20, .last_day = -10});
  MemoryTlsServer server([&](SSL_CTX* context) { expired.use(context); });
  TlsEngine client(TlsOffer::usual, kHost, verify());
  CHECK(server.shake(client) == Step::failed);
  CHECK(client.write("MAIL FROM:<>\r\n") == Step::failed);
  CHECK(server.take_heard().empty());
}

}  // namespace
}  // namespace mxpress::testing
