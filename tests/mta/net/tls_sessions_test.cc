// Resumed TLS sessions: what is kept and for whom, and against OpenSSL servers in memory that a session is really resumed.
#include <openssl/ssl.h>

#include <array>
#include <catch2/catch.hpp>
#include <memory>

#include "mta/net/tls_session_octets.h"
#include "mta/net/tls_sessions.h"
#include "mta/net/trust_anchors.h"
#include "tests/support/certificates.h"
#include "tests/support/tls_server.h"

namespace mxpress::testing {
namespace {

using namespace mta::net;
using Step = TlsEngine::Step;
using std::chrono::minutes;

constexpr const char* kHost = "mx.there.example";
const BootTime kNow{std::chrono::hours(1000)};

TlsPeer peer(const char* host = kHost, TlsPolicy policy = {}, std::uint16_t port = 25) {
  return {dns::Target{host, dns::Address{false, {192, 0, 2, 1}}, port, false}, std::move(policy)};
}

TlsTicket ticket(std::size_t octets, TlsOffer offer = TlsOffer::usual) {
  return {std::string(octets, 'x'), offer, false, kNow + TlsSessions::kKeep};
}

TEST_CASE("tls sessions: a ticket is for one peer, one offer and one use") {
  TlsSessions sessions;
  sessions.keep(peer(), ticket(100));
  CHECK_FALSE(sessions.take(peer("mx2.there.example"), TlsOffer::usual, kNow));
  CHECK_FALSE(sessions.take(peer(kHost, {}, 2525), TlsOffer::usual, kNow));
  CHECK_FALSE(sessions.take(peer(kHost, TlsPolicy::encrypt("a test")), TlsOffer::usual, kNow));
  CHECK(sessions.take(peer("MX.There.Example"), TlsOffer::usual, kNow));
  CHECK_FALSE(sessions.take(peer(), TlsOffer::usual, kNow));
  sessions.keep(peer(), ticket(100));
  CHECK_FALSE(sessions.take(peer(), TlsOffer::tls12, kNow));
  CHECK(sessions.octets() == 0);
}

TEST_CASE("tls sessions: of a host as many tickets are kept as connections may begin at a time, the latest ones, and used first") {
  TlsSessions sessions;
  for (std::size_t i = 0; i < TlsSessions::kMostOfPeer + 2; ++i) sessions.keep(peer(), ticket(100 + i));
  for (std::size_t i = TlsSessions::kMostOfPeer + 2; i > 2; --i)
    CHECK(sessions.take(peer(), TlsOffer::usual, kNow)->session.size() == 99 + i);
  CHECK_FALSE(sessions.take(peer(), TlsOffer::usual, kNow));
  CHECK(sessions.octets() == 0);
}

TEST_CASE("tls sessions: other TLSA records are another peer") {
  const auto dane = [](char octet) { return TlsPolicy::dane({{3, 1, 1, std::string(32, octet)}}, "a test"); };
  TlsSessions sessions;
  sessions.keep(peer(kHost, dane('a')), ticket(100));
  CHECK_FALSE(sessions.take(peer(kHost, dane('b')), TlsOffer::usual, kNow));
  CHECK(sessions.take(peer(kHost, dane('a')), TlsOffer::usual, kNow));
}

TEST_CASE("tls sessions: an expired ticket is not used, a large one not kept, and the oldest gives way") {
  TlsSessions sessions;
  sessions.keep(peer(), ticket(100));
  CHECK_FALSE(sessions.take(peer(), TlsOffer::usual, kNow + TlsSessions::kKeep));
  sessions.keep(peer(), ticket(TlsSessions::kMaxOctets + 1));
  CHECK(sessions.octets() == 0);
  const std::size_t most = TlsSessions::kMostOctets / TlsSessions::kMaxOctets;
  for (std::size_t i = 0; i <= most; ++i) sessions.keep(peer(("mx" + std::to_string(i)).c_str()), ticket(TlsSessions::kMaxOctets));
  CHECK(sessions.octets() == TlsSessions::kMostOctets);
  CHECK_FALSE(sessions.take(peer("mx0"), TlsOffer::usual, kNow));
  CHECK(sessions.take(peer("mx1"), TlsOffer::usual, kNow));
}

// Servers with the same key for their tickets are one server to a client.
PrepareTls server_of(const Certificate& certificate, int version, unsigned char key) {
  return [&certificate, version, key](SSL_CTX* context) {
    certificate.use(context);
    SSL_CTX_set_max_proto_version(context, version);
    std::array<unsigned char, 80> keys;
    keys.fill(key);
    SSL_CTX_set_tlsext_ticket_keys(context, keys.data(), keys.size());
  };
}

struct Session {
  TlsState state;
  std::optional<TlsTicket> ticket;
};

// A session with a server, in which it says something: with TLS 1.3 tickets follow the handshake.
Session session_with(const PrepareTls& prepare, const TlsPolicy& policy, const std::optional<TlsTicket>& earlier = {},
                     BootTime now = kNow) {
  MemoryTlsServer server(prepare);
  TlsEngine client(TlsOffer::usual, kHost, policy, nullptr, earlier ? &*earlier : nullptr);
  std::string said;
  if (server.shake(client) == Step::done) {
    SSL_write(server.session(), "220", 3);
    server.let_read(client, said);
    CHECK(said == "220");
  }
  return {client.state(), client.take_ticket(now)};
}

TlsPolicy verify() { return TlsPolicy::verify({ReferenceName::parse(kHost).value()}, "a test", trusted_authority()); }

TEST_CASE("tls sessions: a resumed session is as verified as the first one was, in both versions of TLS") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const Certificate certificate(CertificateWish{});
  for (const auto& [policy, level] :
       {std::pair(verify(), TlsLevel::verified), std::pair(TlsPolicy::encrypt("a test"), TlsLevel::encrypted)}) {
    CAPTURE(version, policy.text());
    const Session first = session_with(server_of(certificate, version, 1), policy);
    CHECK_FALSE(first.state.resumed);
    REQUIRE(first.ticket);
    CHECK(first.ticket->until > kNow + minutes(30));
    CHECK(first.ticket->until <= kNow + TlsSessions::kKeep);
    const Session second = session_with(server_of(certificate, version, 1), policy, first.ticket, kNow + minutes(10));
    CHECK(second.state.resumed);
    CHECK(second.state.level == level);
    CHECK(second.state.description == first.state.description);
    REQUIRE(second.ticket);
    CHECK(second.ticket->until == first.ticket->until);
    CHECK(session_with(server_of(certificate, version, 1), policy, second.ticket).state.resumed);
  }
}

TEST_CASE("tls sessions: a ticket holds no certificate, and other octets stay as they are") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const Certificate certificate(CertificateWish{});
  const Session session = session_with(server_of(certificate, version, 1), verify());
  REQUIRE(session.ticket);
  const auto* octets = reinterpret_cast<const unsigned char*>(session.ticket->session.data());
  const std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> read(
      d2i_SSL_SESSION(nullptr, &octets, static_cast<long>(session.ticket->session.size())), &SSL_SESSION_free);
  REQUIRE(read);
  CHECK(SSL_SESSION_get0_peer(read.get()) == nullptr);
  CHECK(SSL_SESSION_get_protocol_version(read.get()) == version);
  CHECK(without_certificate(session.ticket->session) == session.ticket->session);
  for (const std::string& other :
       {std::string(), std::string("x"), std::string("\x30\x05\xa3\x7f!", 5), std::string("\x30\x80\x00\x00", 4)})
    CHECK(without_certificate(other) == other);
  CHECK(without_certificate(std::string("\x30\x05\xa3\x01!\x05\x00", 7)) == std::string("\x30\x02\x05\x00", 4));
}

TEST_CASE("tls sessions: a server that does not know the ticket shows its certificate, which is checked") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  CAPTURE(version);
  const Certificate right(CertificateWish{}), wrong(CertificateWish{.dns_names = {"mx.elsewhere.example"}});
  const Session first = session_with(server_of(right, version, 1), verify());
  REQUIRE(first.ticket);
  const Session same = session_with(server_of(right, version, 2), verify(), first.ticket);
  CHECK_FALSE(same.state.resumed);
  CHECK(same.state.level == TlsLevel::verified);
  const Session other = session_with(server_of(wrong, version, 2), verify(), first.ticket);
  CHECK(other.state.failure == TlsFailure::certificate_host_mismatch);
  CHECK_FALSE(other.ticket);
}

TEST_CASE("tls sessions: none is kept of a host that a policy only tests, for each failure is counted") {
  const Certificate wrong(CertificateWish{.dns_names = {"mx.elsewhere.example"}});
  const TlsPolicy testing = TlsPolicy::sts({MxPattern::parse("*.there.example").value()}, StsMode::testing, "a test", trusted_authority());
  const Session session = session_with(server_of(wrong, TLS1_3_VERSION, 1), testing);
  CHECK(session.state.active());
  CHECK_FALSE(session.ticket);
}

TEST_CASE("tls sessions: octets that are no session lead to a full handshake") {
  const Certificate certificate(CertificateWish{});
  const Session session = session_with(server_of(certificate, TLS1_3_VERSION, 1), verify(), ticket(100));
  CHECK_FALSE(session.state.resumed);
  CHECK(session.state.level == TlsLevel::verified);
}

}  // namespace
}  // namespace mxpress::testing
