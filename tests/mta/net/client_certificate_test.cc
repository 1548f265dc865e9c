// The certificate of this host: the contents of its file, and that a server gets it.
#include "mta/net/client_certificate.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <catch2/catch.hpp>

#include "tests/support/certificates.h"
#include "tests/support/tls_server.h"

namespace mxpress::testing {
namespace {

using mta::net::ClientCertificate;
using mta::net::TlsEngine;
using mta::net::TlsOffer;

const Certificate& own() {
  static const Certificate certificate({.dns_names = {"client.here.example"}});
  return certificate;
}

std::string name_of(X509* certificate) {
  char name[200] = "";
  GENERAL_NAMES* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (names && sk_GENERAL_NAME_num(names) > 0) {
    const ASN1_STRING* text = sk_GENERAL_NAME_value(names, 0)->d.dNSName;
    std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text)))
        .copy(name, sizeof name - 1);
  }
  GENERAL_NAMES_free(names);
  return name;
}

int accept_any(int, X509_STORE_CTX*) { return 1; }

struct Seen {
  TlsEngine::Step step;
  bool wanted;
  std::string name;  // in the certificate that the server got
};

Seen shake(bool tls13, bool asks, const ClientCertificate* certificate) {
  MemoryTlsServer server([&](SSL_CTX* context) {
    use_ec_certificate(context);
    if (!tls13) allow_tls12_at_most(context);
    if (asks) SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_any);
  });
  TlsEngine client(TlsOffer::usual, "mx.there.example", {}, certificate);
  Seen seen{server.shake(client), client.state().wants_certificate, {}};
  if (X509* got = SSL_get1_peer_certificate(server.session())) {
    seen.name = name_of(got);
    X509_free(got);
  }
  return seen;
}

TEST_CASE("client certificate: a host that asks for it gets it, and another one hears nothing of it") {
  const bool tls13 = GENERATE(false, true);
  const auto certificate = ClientCertificate::parse(own().pem() + own().key_pem());
  REQUIRE(certificate.ok());
  const Seen asked = shake(tls13, true, certificate->get());
  CHECK(asked.step == TlsEngine::Step::done);
  CHECK(asked.wanted);
  CHECK(asked.name == "client.here.example");
  const Seen not_asked = shake(tls13, false, certificate->get());
  CHECK(not_asked.step == TlsEngine::Step::done);
  CHECK_FALSE(not_asked.wanted);
  CHECK(not_asked.name.empty());
  const Seen none = shake(tls13, true, nullptr);
  CHECK(none.wanted);
  CHECK(none.name.empty());
}

TEST_CASE("client certificate: the key may stand first, and what cannot be used is told without a word of it") {
  CHECK(ClientCertificate::parse(own().key_pem() + own().pem() + authority_pem()).ok());
  const auto failure = [](const std::string& pem) {
    const auto parsed = ClientCertificate::parse(pem);
    REQUIRE_FALSE(parsed.ok());
    return parsed.error().message;
  };
  const Certificate other({.dns_names = {"other.example"}});
  CHECK_THAT(failure(""), Catch::Contains("no certificate"));
  CHECK_THAT(failure("certificate"), Catch::Contains("no certificate"));
  CHECK_THAT(failure(own().pem()), Catch::Contains("no private key"));
  CHECK_THAT(failure(own().key_pem()), Catch::Contains("no certificate"));
  CHECK_THAT(failure(own().pem() + other.key_pem()), Catch::Contains("not that of the first certificate"));
  std::string many = own().pem() + own().key_pem();
  for (int i = 0; i < 11; ++i) many += other.pem();
  CHECK_THAT(failure(many), Catch::Contains("more than 11 certificates"));
}

}  // namespace
}  // namespace mxpress::testing
