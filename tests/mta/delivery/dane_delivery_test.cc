// Deliveries to hosts that the DNS demands something of: over real TLS, and in virtual time. RFC 7672.
#include <openssl/ssl.h>

#include "tests/support/certificates.h"
#include "tests/support/simulation.h"
#include "tests/support/tls_sender.h"

namespace mxpress::testing {
namespace {

using namespace mta::net;
using proto::Outcome;

constexpr const char* kHost = "mx.there.example";
const std::string kRecord = "\x03\x01\x01" + std::string(32, 'x');

MailHostBehaviour with_certificate(const Certificate& certificate) {
  return with_tls([certificate](SSL_CTX* context) { certificate.use(context); });
}

std::string data_of(const TlsaRecord& record) {
  std::string data;
  for (const std::uint8_t octet : {record.usage, record.selector, record.matching}) data += static_cast<char>(octet);
  return data + record.data;
}

dns::Target with_records(dns::Target target, std::vector<std::string> records) {
  target.tlsa = {.kind = dns::HostTlsa::Kind::found, .base = kHost, .port = 25, .records = std::move(records)};
  return target;
}

dns::Target with_failure(dns::Target target) {
  target.tlsa = {.kind = dns::HostTlsa::Kind::failed, .base = kHost, .port = 25, .failure = "SERVFAIL from 127.0.0.1:53"};
  return target;
}

TEST_CASE("dane delivery: a host with the certificate of its records gets the mail, and the result says that DANE has verified it") {
  const Certificate certificate({.issuer = Issuer::itself});
  Sender sender;
  TcpMailHost host(sender.io.get_executor(), with_certificate(certificate));
  const auto target = with_records(host.target(kHost), {data_of(certificate.tlsa(3, 1, 1))});
  const auto report = sender.attempt(target);
  CHECK(host.host().messages().at(0).tls);
  CHECK(report.results[0].last.tls.ends_with(" (verified by DANE)"));
  REQUIRE(report.tls.size() == 1);
  CHECK(report.tls[0].result.reached == TlsLevel::verified);
  CHECK(report.tls[0].result.wanted.source() == "DANE (TLSA records of _25._tcp.mx.there.example)");
}

TEST_CASE("dane delivery: another certificate, or none, defers the mail with a reason that names DANE, and nothing goes in clear text") {
  const Certificate certificate{CertificateWish{}};
  Sender sender;
  TcpMailHost other(sender.io.get_executor(), with_certificate(certificate)), without(sender.io.get_executor());
  const auto text = [&](const TcpMailHost& host) {
    return sender.attempt(with_records(host.target(kHost), {kRecord}), Outcome::deferred).results[0].last.text;
  };
  CHECK(
      text(other) ==
      "TLS with a certificate that the host's TLSA records name is required by DANE (TLSA records of _25._tcp.mx.there.example), but the "
      "mail host's certificate is not the one of its TLSA records; its operator can publish TLSA records for the certificate that it has, "
      "or mail can go without DANE ([delivery] dane)");
  CHECK(text(without) ==
        "TLS with a certificate that the host's TLSA records name is required by DANE (TLSA records of _25._tcp.mx.there.example), but the "
        "mail host does not offer STARTTLS; its operator can enable STARTTLS, or mail can go without DANE ([delivery] dane)");
  CHECK(other.host().messages().empty());
  CHECK(without.host().messages().empty());
  CHECK(without.host().commands().back() == "QUIT");
}

TEST_CASE("dane delivery: records that cannot be used demand TLS with any certificate, and the result says so") {
  Sender sender;
  TcpMailHost host(sender.io.get_executor(), with_certificate(Certificate{CertificateWish{}})), without(sender.io.get_executor());
  const std::vector<std::string> unusable{"", "\x01" + kRecord.substr(1)};
  const auto report = sender.attempt(with_records(host.target(kHost), unusable));
  CHECK(report.results[0].last.tls.ends_with(" (unverified, no TLSA record can be used)"));
  CHECK(sender.attempt(with_records(without.target(kHost), unusable), Outcome::deferred).failure.status.to_string() == "4.7.4");
  CHECK(without.host().messages().empty());
}

TEST_CASE("dane delivery: a host whose records could not be looked up is not connected to, and the next one gets the mail") {
  const Certificate certificate{CertificateWish{}};
  Sender sender;
  TcpMailHost first(sender.io.get_executor(), with_certificate(certificate)),
      second(sender.io.get_executor(), with_certificate(certificate));
  const auto report =
      sender.attempt({with_failure(first.target(kHost)), with_records(second.target(kHost), {data_of(certificate.tlsa(3, 1, 1))})},
                     TlsPolicy::may(), Outcome::delivered);
  CHECK(first.host().connections() == 0);
  CHECK(report.tls.at(0).result.failure == TlsFailure::dnssec_invalid);
  CHECK(second.host().messages().size() == 1);
  const auto deferred = sender.attempt(with_failure(first.target(kHost)), Outcome::deferred);
  CHECK(first.host().connections() == 0);
  CHECK(deferred.failure.status.to_string() == "4.7.5");
  CHECK(deferred.failure.text.find(
            "but its TLSA records could not be looked up (SERVFAIL from 127.0.0.1:53); its operator can repair its DNS") !=
        std::string::npos);
}

// Two domains with one mail host that has no STARTTLS.
struct Neighbours {
  Simulation world;
  SimulatedHost there;
  Neighbours() {
    world.dns->authenticated = true;
    world.dns->mx("secure.example", 10, kHost).mx("plain.example", 10, kHost).a(kHost, "192.0.2.1").leave_unsigned("plain.example");
    world.host("192.0.2.1:25", there);
  }
  void send(const std::string& domain) { world.submit("me@here.example", {"you@" + domain}); }
};

TEST_CASE("dane delivery: mail of a domain that demands nothing goes on while DANE keeps that of its neighbour at the same host back") {
  Neighbours both;
  both.world.dns->tlsa("_25._tcp.mx.there.example", kRecord);
  both.send("secure.example");
  both.world.run_for(std::chrono::seconds(10));
  CHECK(both.there.received.empty());
  both.send("plain.example");
  REQUIRE(both.world.run_until([&] { return both.there.received.size() == 1; }, std::chrono::seconds(10)));
  CHECK(both.there.received[0].recipients.find("plain.example") != std::string::npos);
  CHECK(both.world.queued() == 1);
}

TEST_CASE("dane delivery: domains share a session where the DNS demands nothing of their host, signed or not") {
  Neighbours both;
  both.send("secure.example");
  REQUIRE(both.world.run_until([&] { return both.there.received.size() == 1; }, std::chrono::seconds(1)));
  both.send("plain.example");
  REQUIRE(both.world.run_until([&] { return both.there.received.size() == 2; }, std::chrono::seconds(1)));
  CHECK(both.there.connections == 1);
}

TEST_CASE("dane delivery: a lookup that fails keeps the mail, and it goes when the records are known") {
  Neighbours both;
  both.world.dns->fail("_25._tcp.mx.there.example");
  both.send("secure.example");
  both.world.run_for(std::chrono::seconds(10));
  CHECK(both.there.connections == 0);
  both.world.dns->forget("_25._tcp.mx.there.example");
  CHECK(both.world.run_until([&] { return both.there.received.size() == 1; }, std::chrono::hours(1)));
}

}  // namespace
}  // namespace mxpress::testing
