// Computations that a mail host can cause in our TLS, against OpenSSL servers in memory. Counted in bits, records and messages.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <catch2/catch.hpp>

#include "mta/net/message_lengths.h"
#include "tests/support/tls_server.h"

namespace mxpress::testing {
namespace {

using namespace mta;
using namespace mta::net;
using Step = TlsEngine::Step;

struct Shaken {
  Step step = Step::failed;
  TlsState state;
  std::string words;
  std::size_t last_output = 0;  // the server's last input, still unused
};

Shaken shake(TlsOffer use, const PrepareTls& prepare) {
  MemoryTlsServer server(prepare);
  TlsEngine client(use, "mx.there.example");
  Shaken result;
  result.step = server.shake(client);
  result.state = client.state();
  result.words = client.words();
  result.last_output = server.unread();
  return result;
}

PrepareTls with_ec(const PrepareTls& more) {
  return [more](SSL_CTX* context) {
    use_ec_certificate(context);
    more(context);
  };
}

TEST_CASE("tls: a host that leaves the choice to us gets elliptic curves, not DH") {
  const Shaken result = shake(TlsOffer::usual, [](SSL_CTX* context) {
    use_rsa_certificate(context, 2048);
    prefer_dh(context, 2048);
    SSL_CTX_clear_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  });
  CHECK(result.step == Step::done);
  CHECK(result.state.description == "TLSv1.2/ECDHE-RSA-AES256-GCM-SHA384 (unverified)");
}

TEST_CASE("tls: each offer takes DH of its own range, and computes nothing with other groups") {
  struct Row {
    TlsOffer use;
    int bits;
    HandshakeFailure failure;
  };
  const Row row =
      GENERATE(Row{TlsOffer::usual, 1024, HandshakeFailure::dh_too_small}, Row{TlsOffer::usual, 2047, HandshakeFailure::dh_too_small},
               Row{TlsOffer::usual, 2048, HandshakeFailure::none}, Row{TlsOffer::usual, 2304, HandshakeFailure::none},
               Row{TlsOffer::usual, 2305, HandshakeFailure::dh_too_large}, Row{TlsOffer::usual, 10000, HandshakeFailure::dh_too_large},
               Row{TlsOffer::relaxed, 1024, HandshakeFailure::none}, Row{TlsOffer::relaxed, 4096, HandshakeFailure::dh_too_large},
               Row{TlsOffer::large_dh, 4096, HandshakeFailure::none}, Row{TlsOffer::large_dh, 8192, HandshakeFailure::none},
               Row{TlsOffer::large_dh, 8193, HandshakeFailure::dh_too_large}, Row{TlsOffer::large_dh, 2047, HandshakeFailure::dh_too_small},
               Row{TlsOffer::without_dh, 2048, HandshakeFailure::other}, Row{TlsOffer::without_rsa, 2048, HandshakeFailure::other});
  CAPTURE(static_cast<int>(row.use), row.bits);
  const Shaken result = shake(row.use, [&](SSL_CTX* context) {
    use_rsa_certificate(context, 2048);
    insist_on_dh(context, row.bits);
  });
  CHECK(result.state.handshake == row.failure);
  CHECK((result.step == Step::done) == (row.failure == HandshakeFailure::none));
  // A refused group is answered by an alert (7 octets), not by a key of ours.
  if (row.failure != HandshakeFailure::none) CHECK(result.last_output <= 7);
}

TEST_CASE("tls: a host that prefers a large group works without it") {
  const auto prepare = [](SSL_CTX* context) {
    use_rsa_certificate(context, 2048);
    prefer_dh(context, 4096);
  };
  CHECK(shake(TlsOffer::usual, prepare).state.handshake == HandshakeFailure::dh_too_large);
  CHECK(shake(TlsOffer::without_dh, prepare).state.description == "TLSv1.2/ECDHE-RSA-AES256-GCM-SHA384 (unverified)");
}

TEST_CASE("tls: an oversized RSA key or exponent ends the handshake, and a host with another key works without RSA") {
  const bool exponent = GENERATE(false, true);
  const bool tls13 = GENERATE(false, true);
  const auto prepare = [&](SSL_CTX* context) {
    use_rsa_certificate(context, exponent ? 2048 : 8448, exponent ? 2000 : 17);
    if (!tls13) allow_tls12_at_most(context);
  };
  const Shaken result = shake(TlsOffer::usual, prepare);
  CHECK(result.step == Step::failed);
  CHECK(result.state.handshake == HandshakeFailure::rsa_too_large);
  const auto both = [&](SSL_CTX* context) {
    use_ec_certificate(context);
    prepare(context);
  };
  CHECK(shake(TlsOffer::without_rsa, both).step == Step::done);
}

TEST_CASE("tls: an RSA key of 8,192 bits is taken") {
  CHECK(shake(TlsOffer::usual, [](SSL_CTX* context) { use_rsa_certificate(context, 8192); }).step == Step::done);
}

// OpenSSL itself made nothing of the refused message.
void check_not_decoded() { CHECK(ERR_GET_REASON(ERR_peek_error()) == SSL_R_LENGTH_MISMATCH); }

PrepareTls in_version(bool tls13, const PrepareTls& more) {
  return with_ec([tls13, more](SSL_CTX* context) {
    if (!tls13) allow_tls12_at_most(context);
    more(context);
  });
}

TEST_CASE("tls: certificates that would be costly to decode fail the handshake before they are decoded") {
  struct Row {
    ChainKey key;
    bool is_taken;
  };
  const Row row = GENERATE(Row{{"P-256"}, true}, Row{{"P-384"}, true}, Row{{"P-521"}, true}, Row{{"ED25519"}, true}, Row{{"ED448"}, true},
                           Row{{"P-224"}, false}, Row{{"secp256k1"}, false}, Row{{"brainpoolP512r1"}, false}, Row{{"sect571r1"}, false},
                           Row{{"P-256", "explicit"}, false}, Row{{"P-256", nullptr, "compressed"}, false},
                           Row{{"P-521", nullptr, "hybrid"}, false}, Row{{"P-224", "explicit", "compressed"}, false});
  const bool tls13 = GENERATE(false, true);
  CAPTURE(row.key.kind, row.key.encoding, row.key.points, tls13);
  const Shaken result = shake(TlsOffer::usual, in_version(tls13, [&](SSL_CTX* context) { add_to_chain(context, row.key); }));
  CHECK((result.step == Step::done) == row.is_taken);
  if (row.is_taken) return;
  check_not_decoded();
  CHECK(result.state.handshake == HandshakeFailure::too_costly);
  CHECK(result.state.failure == TlsFailure::certificate_not_trusted);
  CHECK(result.state.detail == "the mail host's certificates are too costly to check (a key neither of RSA nor on a usual curve)");
  CHECK(result.words == "TLS: " + result.state.detail);
}

TEST_CASE("tls: ten certificates of 16 KiB together are decoded, and no more") {
  struct Row {
    int certificates;
    std::size_t comment_octets;
    const char* excess;
  };
  const Row row = GENERATE(Row{9, 1'200, ""}, Row{10, 10, "(more than 10)"}, Row{2, 7'800, "(more than 16 KiB)"});
  const bool tls13 = GENERATE(false, true);
  CAPTURE(row.certificates, row.comment_octets, tls13);
  const Shaken result =
      shake(TlsOffer::usual, in_version(tls13, [&](SSL_CTX* context) { add_to_chain(context, row.certificates, row.comment_octets); }));
  CHECK((result.step == Step::done) == (*row.excess == '\0'));
  if (result.step == Step::done) return;
  check_not_decoded();
  CHECK(result.words.ends_with(row.excess));
}

TEST_CASE("tls: a message of more than 32 KiB is not read") {
  const bool tls13 = GENERATE(false, true);
  const Shaken result = shake(TlsOffer::usual, in_version(tls13, [](SSL_CTX* context) { add_to_chain(context, 5, 15'000); }));
  CHECK(result.step == Step::failed);
  CHECK(result.state.handshake == HandshakeFailure::too_costly);
  CHECK(result.words == (tls13 ? "TLS: excessive message size (SSL routines)" : "TLS: a message of the handshake is too long"));
}

TEST_CASE("tls: the lengths of messages are read however the octets come, until they are encrypted") {
  const std::string first("\x16\x03\x03\x00\x06\x02\x00\x00\x01x\x0c", 11);  // a message of 1 octet, the next one begins
  const std::string alert("\x15\x03\x03\x00\x02\x01\x5a", 7), empty("\x16\x03\x03\x00\x00", 5);
  const std::string second("\x16\x03\x03\x00\x04\x01\x90\x00y", 9);  // 102,400 octets
  const std::string encrypted("\x17\x03\x03\x00\x05zzzzz\x16\x03\x03\x00\x04\x0c\xff\xff\xff", 19);
  const std::string octets = first + alert + empty + second;
  for (std::size_t cut = 0; cut <= octets.size(); ++cut) {
    MessageLengths lengths;
    lengths.take({octets.data(), cut});
    CHECK(lengths.longest() == (cut >= octets.size() - 1 ? 102'400 : cut >= 9 ? 1 : 0));
    lengths.take({octets.data() + cut, octets.size() - cut});
    CHECK(lengths.longest() == 102'400);
  }
  MessageLengths lengths;
  lengths.take(first);
  lengths.take(encrypted);
  CHECK(lengths.longest() == 1);
}

TEST_CASE("tls: a message that claims more than 32 KiB ends the handshake with its header") {
  TlsEngine client(TlsOffer::usual, "mx.there.example");
  CHECK(client.handshake() == Step::wants_input);
  const std::string header("\x16\x03\x03\x00\x04\x02\x00\x80\x01", 9);
  header.copy(client.input_space().data(), header.size());
  client.input_arrived(header.size());
  CHECK(client.handshake() == Step::failed);
  CHECK(client.words() == "TLS: a message of the handshake is too long");
}

TEST_CASE("tls: a host may ask for a certificate of any authority that it knows") {
  const bool tls13 = GENERATE(false, true);
  const auto octets = GENERATE(std::size_t{90}, std::size_t{91});
  const Shaken result =
      shake(TlsOffer::usual, in_version(tls13, [octets](SSL_CTX* context) { ask_for_certificate(context, 145, octets); }));
  CHECK(result.step == Step::done);
}

TEST_CASE("tls: a handshake of empty requests ends after its records") {
  TlsEngine client(TlsOffer::usual, "mx.there.example");
  const std::string hello_request("\x16\x03\x03\x00\x04\x00\x00\x00\x00", 9);
  Step step = client.handshake();
  for (int i = 0; i < 10'000 && step == Step::wants_input; ++i) {
    hello_request.copy(client.input_space().data(), hello_request.size());
    client.input_arrived(hello_request.size());
    step = client.handshake();
  }
  CHECK(step == Step::failed);
  CHECK(client.records() <= TlsEngine::kMaxHandshakeRecords + 1);
}

TEST_CASE("tls: what is no TLS in the place of the handshake fails it, and none of it can be read") {
  TlsEngine client(TlsOffer::usual, "mx.there.example");
  CHECK(client.handshake() == Step::wants_input);
  const std::string injected = "250-mx.there.example\r\n250 PIPELINING\r\n";
  injected.copy(client.input_space().data(), injected.size());
  client.input_arrived(injected.size());
  CHECK(client.handshake() == Step::failed);
  CHECK(client.words() == "TLS: wrong version number (SSL routines)");
}

struct Established {
  explicit Established(const PrepareTls& prepare) : server(prepare) { REQUIRE(server.shake(client) == Step::done); }
  MemoryTlsServer server;
  TlsEngine client{TlsOffer::usual, "mx.there.example"};
  std::string said;
};

TEST_CASE("tls: a flood of key updates or tickets ends the session after 32") {
  const bool tickets = GENERATE(false, true);
  Established both(use_ec_certificate);
  for (int i = 0; i < 1000; ++i) {
    if (tickets) {
      SSL_new_session_ticket(both.server.session());
    } else {
      SSL_key_update(both.server.session(), SSL_KEY_UPDATE_REQUESTED);
    }
    SSL_do_handshake(both.server.session());
  }
  CHECK(both.server.let_read(both.client, both.said) == Step::failed);
  CHECK(both.client.words() == "TLS: too many key updates, tickets or alerts");
  CHECK(both.client.extra_messages() == TlsEngine::kMaxExtraMessages + 1);
  CHECK(both.client.records() <= 16 + TlsEngine::kMaxExtraMessages);
}

TEST_CASE("tls: a few key updates and tickets do no harm") {
  Established both(use_ec_certificate);
  for (int i = 0; i < 10; ++i) {
    SSL_key_update(both.server.session(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(both.server.session());
    SSL_write(both.server.session(), "250 ok\r\n", 8);
    both.said.clear();
    CHECK(both.server.let_read(both.client, both.said) == Step::wants_input);
    CHECK(both.said == "250 ok\r\n");
    CHECK(both.client.write("NOOP\r\n") == Step::done);
    CHECK(both.server.let_read(both.client, both.said) == Step::wants_input);
    CHECK(both.server.take_heard() == "NOOP\r\n");
  }
}

TEST_CASE("tls: a host may say each octet in a record of its own") {
  Established both(use_ec_certificate);
  for (int i = 0; i < 5000; ++i) SSL_write(both.server.session(), "x", 1);
  CHECK(both.server.let_read(both.client, both.said) == Step::wants_input);
  CHECK(both.said == std::string(5000, 'x'));
}

TEST_CASE("tls: a host that asks to renegotiate gets no handshake") {
  Established both([](SSL_CTX* context) {
    use_ec_certificate(context);
    allow_tls12_at_most(context);
  });
  SSL_renegotiate(both.server.session());
  SSL_do_handshake(both.server.session());
  CHECK(both.server.let_read(both.client, both.said) == Step::wants_input);
  CHECK(both.client.extra_messages() == 1);
  CHECK(both.server.unread() < 50);  // an alert: a ClientHello has more than 100 octets
}

TEST_CASE("tls: what was decrypted already, or came along with it, is unread") {
  Established both(use_ec_certificate);
  CHECK(both.server.let_read(both.client, both.said) == Step::wants_input);
  CHECK_FALSE(both.client.has_unread());
  SSL_write(both.server.session(), "250 ok\r\n", 8);
  SSL_write(both.server.session(), "421 bye\r\n", 9);
  std::array<char, 4096> buffer;
  std::size_t count = 0;
  const auto space = both.client.input_space();
  both.client.input_arrived(
      static_cast<std::size_t>(BIO_read(SSL_get_wbio(both.server.session()), space.data(), static_cast<int>(space.size()))));
  CHECK(both.client.read(buffer, count) == Step::done);
  CHECK(std::string(buffer.data(), count) == "250 ok\r\n");
  CHECK(both.client.has_unread());
  CHECK(both.client.read(buffer, count) == Step::done);
  CHECK_FALSE(both.client.has_unread());
}

TEST_CASE("tls: from each offer a failure leads to the last one within four connections: clear text only if the policy allows it") {
  using enum HandshakeFailure;
  for (const auto& policy : {net::TlsPolicy::may(), net::TlsPolicy::encrypt("a test"), net::TlsPolicy::verify({}, "a test")})
    for (const HandshakeFailure why :
         {refused, silent, resumed, dh_too_small, dh_too_large, rsa_too_large, certificate, too_costly, other}) {
      TlsOffer offer = first_offer(policy.kind());
      int connections = 1;
      while (const auto next = next_offer(offer, connections == 1 ? why : other, policy, {true, true})) {
        offer = *next;
        ++connections;
      }
      CAPTURE(policy.text(), static_cast<int>(why));
      CHECK(connections <= 6);
      CHECK((offer == TlsOffer::clear) == policy.allows_clear());
    }
}

TEST_CASE("tls: what is offered next depends on what was out of bounds") {
  struct Row {
    TlsOffer failed;
    HandshakeFailure why;
    std::optional<TlsOffer> may, encrypt, verify;
  };
  using enum HandshakeFailure;
  using enum TlsOffer;
  constexpr auto end = std::nullopt;
  const Row rows[] = {{usual, refused, clear, end, end},
                      {usual, resumed, usual, usual, usual},
                      {usual, other, relaxed, relaxed, end},
                      {usual, silent, tls12, tls12, tls12},
                      {tls12, silent, clear, end, end},
                      {tls12, other, relaxed, relaxed, end},
                      {usual, certificate, clear, end, end},
                      {usual, too_costly, clear, end, end},
                      {usual, dh_too_small, relaxed, relaxed, end},
                      {usual, dh_too_large, without_dh, without_dh, without_dh},
                      {without_dh, other, large_dh, large_dh, large_dh},
                      {large_dh, other, clear, end, end},
                      {usual, rsa_too_large, without_rsa, without_rsa, without_rsa},
                      {without_rsa, other, clear, end, end},
                      {relaxed, other, clear, end, end},
                      {relaxed, rsa_too_large, without_rsa, without_rsa, without_rsa},
                      {clear, other, end, end, end}};
  for (const Row& row : rows) {
    CAPTURE(static_cast<int>(row.failed), static_cast<int>(row.why));
    CHECK(next_offer(row.failed, row.why, net::TlsPolicy::may(), {}) == row.may);
    CHECK(next_offer(row.failed, row.why, net::TlsPolicy::encrypt("a test"), {}) == row.encrypt);
    CHECK(next_offer(row.failed, row.why, net::TlsPolicy::verify({}, "a test"), {}) == row.verify);
  }
}

TEST_CASE("tls: TLS 1.0 is offered where the administrator allows it, the post-quantum group left out where the library has one") {
  const auto may = net::TlsPolicy::may();
  CHECK(next_offer(TlsOffer::usual, HandshakeFailure::other, may, {.allows_legacy = true}) == TlsOffer::legacy);
  CHECK(next_offer(TlsOffer::legacy, HandshakeFailure::other, may, {.allows_legacy = true}) == TlsOffer::clear);
  CHECK(next_offer(TlsOffer::usual, HandshakeFailure::silent, may, {.has_post_quantum = true}) == TlsOffer::classic);
  CHECK(next_offer(TlsOffer::classic, HandshakeFailure::silent, may, {.has_post_quantum = true}) == TlsOffer::tls12);
}

}  // namespace
}  // namespace mxpress::testing
