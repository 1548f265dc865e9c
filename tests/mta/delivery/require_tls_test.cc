// Mail that its sender wants under TLS on the whole way, or rather delivered than protected. RFC 8689.
#include <openssl/ssl.h>

#include "mta/net/trust_anchors.h"
#include "tests/support/certificates.h"
#include "tests/support/simulation.h"
#include "tests/support/tls_sender.h"

namespace mxpress::testing {
namespace {

using namespace mta::net;
using proto::Outcome;

constexpr const char* kHost = "mx.there.example";

MailHostBehaviour host_with(bool offers_it, CertificateWish wish = {}) {
  const Certificate certificate(wish);
  MailHostBehaviour behaviour = with_tls([certificate](SSL_CTX* context) { certificate.use(context); });
  if (offers_it) behaviour.extensions.push_back("REQUIRETLS");
  return behaviour;
}

TlsPolicy verify() { return TlsPolicy::verify({ReferenceName::parse(kHost).value()}, "a test", trusted_authority()); }

TEST_CASE("requiretls: a host that offers it behind the right certificate gets the mail, and is told of the wish") {
  Sender sender;
  sender.require_tls = true;
  TcpMailHost host(sender.io.get_executor(), host_with(true));
  sender.attempt({host.target(kHost)}, verify(), Outcome::delivered);
  REQUIRE(host.host().messages().size() == 1);
  CHECK(host.host().messages()[0].tls);
  CHECK(host.host().messages()[0].mail.ends_with(" REQUIRETLS"));
}

TEST_CASE("requiretls: a host that does not offer it is passed over, and the next one gets the mail") {
  Sender sender;
  sender.require_tls = true;
  TcpMailHost without(sender.io.get_executor(), host_with(false)), with(sender.io.get_executor(), host_with(true));
  sender.attempt({without.target(kHost), with.target(kHost)}, verify(), Outcome::delivered);
  CHECK(without.host().messages().empty());
  CHECK(with.host().messages().size() == 1);
}

TEST_CASE("requiretls: if no host offers it the mail fails at once, and the site has not failed") {
  Sender sender;
  sender.require_tls = true;
  TcpMailHost one(sender.io.get_executor(), host_with(false)), two(sender.io.get_executor(), host_with(false));
  const auto report = sender.attempt({one.target(kHost), two.target(kHost)}, verify(), Outcome::failed);
  CHECK(report.results[0].last.status.to_string() == "5.7.30");
  CHECK(report.results[0].last.text == "the mail host does not offer REQUIRETLS, which the sender demands");
  CHECK_FALSE(report.site_failed);
  CHECK(one.host().messages().empty());
  CHECK(two.host().messages().empty());
}

TEST_CASE("requiretls: it waits while one of the hosts may still turn out to be one for it") {
  Sender sender;
  sender.require_tls = true;
  TcpMailHost without(sender.io.get_executor(), host_with(false)),
      expired(sender.io.get_executor(), host_with(true, {.first_day = -9, .last_day = -1}));
  const auto report = sender.attempt({without.target(kHost), expired.target(kHost)}, verify(), Outcome::deferred);
  CHECK(report.results[0].last.status.klass == 4);
  CHECK(expired.host().messages().empty());
}

TEST_CASE("requiretls: nothing is said to a host whose name nobody vouches for") {
  Sender sender;
  sender.require_tls = true;
  TcpMailHost host(sender.io.get_executor(), host_with(true));
  for (const TlsPolicy& policy : {TlsPolicy::may(), TlsPolicy::encrypt("a test"),
                                  TlsPolicy::published_sts({MxPattern::parse(kHost).value()}, StsMode::testing, "a test")}) {
    const auto report = sender.attempt({host.target(kHost)}, policy, Outcome::failed);
    CHECK(report.results[0].last.status.to_string() == "5.7.30");
  }
  CHECK(host.host().connections() == 0);
}

// Two domains with one mail host without TLS, and the sender's mail host.
struct World : Simulation {
  World() {
    dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.2");
    dns->mx("there.example", 10, kHost).a(kHost, "192.0.2.1");
    host("192.0.2.2:25", here);
    host("192.0.2.1:25", there);
  }
  SimulatedHost here, there;
};

TEST_CASE("requiretls: the notice names the message by its Message-ID, and shows nothing of it") {
  World world;
  world.text = "Message-ID: <1@here.example>\r\nSubject: secret plans\r\n\r\nthe plans\r\n";
  world.tls = proto::TlsWish::require;
  world.submit("me@here.example", {"you@there.example"});
  world.tls = proto::TlsWish::usual;
  world.submit("me@here.example", {"friend@there.example"});
  world.run_for(std::chrono::minutes(1));
  REQUIRE(world.there.received.size() == 1);
  CHECK_THAT(world.there.received[0].recipients, Catch::Contains("friend@there.example"));
  REQUIRE(world.here.received.size() == 1);
  const std::string& notice = world.here.received[0].content;
  CHECK_THAT(notice, Catch::Contains("Status: 5.7.30") && Catch::Contains("Message-ID: <1@here.example>") &&
                         Catch::Contains("the sender demands TLS on the whole way (REQUIRETLS)"));
  CHECK_THAT(notice, !Catch::Contains("secret plans") && !Catch::Contains("the plans"));
}

}  // namespace
}  // namespace mxpress::testing
