// Attempts over real TLS: the offers that a host gets, the number of connections, and the memory for the next attempt.
#include <openssl/ssl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "mta/net/connector.h"
#include "mta/net/handshake_lane.h"
#include "mta/net/tls.h"
#include "mta/smtp/client_channel.h"
#include "mta/system/instant.h"
#include "mta/transport/smtp_transport.h"
#include "mta/transport/tls_memory.h"
#include "tests/support/fake_control.h"
#include "tests/support/mail_host.h"
#include "tests/support/memory_stream.h"
#include "tests/support/tls_sender.h"
#include "tests/support/tls_server.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using namespace mta;
using net::TlsOffer;

// DH needs RSA keys.
PrepareTls with_rsa(void (*choose_dh)(SSL_CTX*, int), int bits) {
  return [=](SSL_CTX* context) {
    use_rsa_certificate(context, 2048);
    choose_dh(context, bits);
  };
}

struct Case {
  PrepareTls prepare;
  int connections;
  bool tls;
};

TEST_CASE("delivery over TLS: a costly or weak handshake leads to the next offer, clear text last, and is made once") {
  const Case row = GENERATE(Case{with_rsa(prefer_dh, 3072), 2, true}, Case{with_rsa(insist_on_dh, 1024), 2, true},
                            Case{with_rsa(insist_on_dh, 3072), 3, true}, Case{with_rsa(insist_on_dh, 9000), 4, false},
                            Case{[](SSL_CTX* context) {
                                   use_rsa_certificate(context, 8448);
                                   allow_tls12_at_most(context);
                                   SSL_CTX_set_cipher_list(context, "aRSA:aECDSA");
                                   SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
                                 },
                                 2, true});
  Sender sender;
  TcpMailHost host(sender.io.get_executor(), with_tls(row.prepare));
  sender.attempt(host.target());
  CHECK(host.host().connections() == row.connections);
  CHECK(host.host().messages().at(0).tls == row.tls);
  sender.attempt(host.target());
  CHECK(host.host().connections() == row.connections + 1);
  CHECK(host.host().messages().at(1).tls == row.tls);
}

TEST_CASE("delivery over TLS: a host of TLS 1.0 gets it where the administrator allows it, else clear text") {
  const bool allows = GENERATE(false, true);
  Sender sender;
  sender.config.delivery.legacy_tls = allows;
  MailHostBehaviour behaviour = with_tls([](SSL_CTX* context) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_VERSION);
  });
  TcpMailHost host(sender.io.get_executor(), behaviour);
  const auto report = sender.attempt(host.target());
  CHECK(host.host().connections() == (allows ? 2 : 3));
  CHECK(host.host().messages().at(0).tls == allows);
  const std::string& tls = report.attempt.hosts.back().result.tls;
  if (allows)
    CHECK(tls == "TLSv1/ECDHE-ECDSA-AES256-SHA (unverified, weak)");
  else
    CHECK(tls.empty());
}

TEST_CASE("delivery over TLS: a host that needs what OpenSSL counts as unsafe gets it, but never where a certificate is required") {
  Sender sender;
  TcpMailHost host(sender.io.get_executor(), with_tls([](SSL_CTX* context) {
                     SSL_CTX_set_security_level(context, 0);
                     allow_tls12_at_most(context);
                     SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA1");
                   }));
  sender.attempt(host.target());
  CHECK(host.host().connections() == 2);
  CHECK(host.host().messages().at(0).tls);
  const auto verify = net::TlsPolicy::verify({net::ReferenceName::parse("mx.there.example").value()}, "a test");
  sender.attempt({host.target()}, verify, proto::Outcome::deferred);
  CHECK(host.host().connections() == 3);
  CHECK(host.host().messages().size() == 1);
}

TEST_CASE("delivery over TLS: a host that does not answer our first message is offered TLS 1.2, then clear text, and that is remembered") {
  Sender sender;
  sender.config.timeouts.tls = 50ms;  // less than the time for that answer
  MailHostBehaviour behaviour = with_tls([](SSL_CTX*) {});
  behaviour.tls = HostTls::hangs;
  TcpMailHost host(sender.io.get_executor(), behaviour);
  const int offers = net::has_post_quantum() ? 3 : 2;
  sender.attempt(host.target());
  CHECK(host.host().connections() == offers + 1);
  CHECK_FALSE(host.host().messages().at(0).tls);
  sender.attempt(host.target());
  CHECK(host.host().connections() == offers + 2);
}

TEST_CASE("delivery over TLS: the second connection to a host goes on with the session of the first, for mail under the same policy") {
  const bool is_tls12 = GENERATE(false, true);
  Sender sender;
  SSL_CTX* server = nullptr;
  TcpMailHost host(sender.io.get_executor(), with_tls([&](SSL_CTX* context) {
                     if (is_tls12) allow_tls12_at_most(context);
                     server = context;
                   }));
  sender.attempt(host.target());
  CHECK(SSL_CTX_sess_hits(server) == 0);
  sender.attempt({host.target()}, net::TlsPolicy::encrypt("a test"), proto::Outcome::delivered);
  CHECK(SSL_CTX_sess_hits(server) == 0);
  sender.attempt(host.target());
  CHECK(SSL_CTX_sess_hits(server) == 1);
  sender.attempt(host.target());
  CHECK(SSL_CTX_sess_hits(server) == 2);
  CHECK(host.host().connections() == 4);
}

TEST_CASE("delivery over TLS: a host that breaks off a resumed handshake gets a full one, not clear text") {
  Sender sender;
  TcpMailHost host(sender.io.get_executor(), with_tls([](SSL_CTX*) {}));
  sender.attempt(host.target());
  host.host().behaviour().breaks_tls_at = 1;
  host.host().behaviour().when_tls_breaks = [&] { host.host().behaviour().breaks_tls_at.reset(); };  // the next handshake works
  sender.attempt(host.target());
  CHECK(host.host().connections() == 3);
  CHECK(host.host().messages().at(1).tls);
}

// For the client TLS 1.3 is complete when the server's octets have come, and an RST may come before or after the next write.
TEST_CASE(
    "delivery over TLS: a host that breaks off at any octet of the handshake, or right behind it, gets clear text in the same attempt") {
  const bool is_tls12 = GENERATE(false, true);
  Sender sender;
  for (const std::size_t octets : {0, 1, 5, 6, 60, 127, 128, 200, 300, 400, 500, 550, 600, 650, 700, 750, 800, 900, 1000, 100'000}) {
    CAPTURE(octets);
    MailHostBehaviour behaviour = with_tls(is_tls12 ? allow_tls12_at_most : [](SSL_CTX*) {});
    behaviour.breaks_tls_at = octets;
    TcpMailHost host(sender.io.get_executor(), behaviour);
    sender.attempt(host.target());
    CHECK(host.host().connections() == 3);
    CHECK_FALSE(host.host().messages().at(0).tls);
    sender.attempt(host.target());
    CHECK(host.host().connections() == 4);
  }
}

TEST_CASE("delivery over TLS: clear text is remembered where it has worked, not where the host was gone") {
  Sender sender;
  MailHostBehaviour behaviour = with_tls([](SSL_CTX*) {});
  behaviour.breaks_tls_at = 1;
  TcpMailHost host(sender.io.get_executor(), behaviour);
  host.host().behaviour().stages["MAIL"] = {"451 4.7.1 greylisted", Fault::none, Duration(0), 1};
  const auto memory_has = [&] {
    const net::TlsPeer peer(host.target(), net::TlsPolicy::may());
    return sender.smtp.tls_memory().offer_for(peer, {}, system::instant_now()) != TlsOffer::usual;
  };
  SECTION("it has worked") {
    sender.attempt(host.target(), proto::Outcome::deferred);
    CHECK(memory_has());
  }
  SECTION("the host was gone") {
    host.host().behaviour().when_tls_breaks = [&] { host.host().behaviour().stages["CONNECT"] = {"", Fault::close}; };
    sender.attempt(host.target(), proto::Outcome::deferred);
    CHECK(host.host().connections() == 2);
    CHECK_FALSE(memory_has());
    host.host().behaviour().breaks_tls_at.reset();
    host.host().behaviour().stages.clear();
    sender.attempt(host.target());
    CHECK(host.host().messages().at(0).tls);
  }
}

TEST_CASE("delivery over TLS: a name whose handshake fails at an address does not send another name's mail in clear") {
  Sender sender;
  TcpMailHost host(sender.io.get_executor(), with_tls([](SSL_CTX* context) {
                     const auto refuse = +[](SSL* session, int*, void*) {
                       const std::string name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
                       return name == "mx.attacker.example" ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK;
                     };
                     SSL_CTX_set_tlsext_servername_callback(context, refuse);
                   }));
  sender.attempt(host.target("mx.attacker.example"));
  sender.attempt(host.target("mx.victim.example"));
  CHECK_FALSE(host.host().messages().at(0).tls);
  CHECK(host.host().messages().at(1).tls);
}

TEST_CASE("client channel: what has come before TLS begins fails it, read or unread, and is never a reply") {
  const bool was_read = GENERATE(false, true);
  asio::io_context io;
  auto [near, far] = make_memory_streams(io.get_executor());
  smtp::ClientChannel channel(std::move(near));
  bool done = false;
  const auto run = [&]() -> Task<void> {
    CHECK((co_await far->write("220 go\r\n" + std::string(was_read ? "250 injected\r\n" : ""))).ok());
    CHECK((co_await channel.read_reply(1min))->code == 220);
    if (!was_read) CHECK((co_await far->write("250 injected\r\n")).ok());
    CHECK_FALSE((co_await channel.start_tls("mx.there.example", TlsOffer::usual, 1min)).ok());
    CHECK_FALSE(channel.is_open());
    CHECK_FALSE(channel.tls().active());
    done = true;
  };
  asio::co_spawn(io, run, asio::detached);
  io.run_for(20s);
  CHECK(done);
}

TEST_CASE("handshake lane: steps run on another thread, and a step that finds eight others waiting is refused") {
  asio::io_context io;
  net::HandshakeLane lane;
  std::mutex gate;
  std::thread::id thread;
  int done = 0, refused = 0;
  std::unique_lock closed(gate);
  const auto run = [&]() -> Task<void> {
    const auto step = co_await lane.run([&] {
      const std::lock_guard open(gate);
      thread = std::this_thread::get_id();
      return net::TlsEngine::Step::done;
    });
    ++(step.ok() ? done : refused);
  };
  constexpr int kSteps = net::HandshakeLane::kMaxWaiting + 3;
  for (int i = 0; i < kSteps; ++i) asio::co_spawn(io, run, asio::detached);
  while (refused < 3 && io.run_one_for(10s) > 0) continue;
  CHECK(done == 0);
  closed.unlock();
  while (done + refused < kSteps && io.run_one_for(10s) > 0) continue;
  CHECK(refused == 3);
  CHECK(done == net::HandshakeLane::kMaxWaiting);
  CHECK(thread != std::this_thread::get_id());
}

}  // namespace
}  // namespace mxpress::testing
