// Deliveries to domains that publish an MTA-STS policy: over real TLS, and in virtual time. RFC 8461.
#include <openssl/ssl.h>

#include "mta/delivery/policy_hosts.h"
#include "mta/net/dane.h"
#include "mta/sts/policies.h"
#include "tests/support/certificates.h"
#include "tests/support/simulation.h"
#include "tests/support/tls_sender.h"

namespace mxpress::testing {
namespace {

using namespace mta::net;
using proto::Outcome;

constexpr const char* kHost = "mx.there.example";
constexpr const char* kSource = "the MTA-STS policy of the recipient's domain";

MailHostBehaviour with_certificate(const Certificate& certificate) {
  return with_tls([certificate](SSL_CTX* context) { certificate.use(context); });
}

TlsPolicy policy(StsMode mode, std::string_view pattern = "*.there.example") {
  return TlsPolicy::published_sts({MxPattern::parse(pattern).value()}, mode, kSource);
}

TEST_CASE("sts delivery: a certificate that nobody trusts, or none, defers the mail with a reason that names MTA-STS") {
  Sender sender;
  TcpMailHost other(sender.io.get_executor(), with_certificate(Certificate{CertificateWish{}})), without(sender.io.get_executor());
  const auto failure = [&](const TcpMailHost& host, const TlsPolicy& wanted) {
    return sender.attempt({host.target(kHost)}, wanted, Outcome::deferred).failure.text;
  };
  CHECK_THAT(failure(other, policy(StsMode::enforce)),
             Catch::StartsWith("TLS with a trusted certificate for mx.there.example is required by the MTA-STS policy of the recipient's "
                               "domain, but ") &&
                 Catch::EndsWith(", or mail can go without MTA-STS ([delivery] mta_sts)"));
  CHECK_THAT(failure(without, policy(StsMode::enforce)), Catch::Contains("but the mail host does not offer STARTTLS"));
  CHECK_THAT(
      failure(other, policy(StsMode::enforce, "mx.elsewhere.example")),
      Catch::EndsWith("but the policy does not list this mail host; its administrator can list it, or take it out of the MX records, "
                      "or mail can go without MTA-STS ([delivery] mta_sts)"));
  CHECK(other.host().messages().empty());
  CHECK(without.host().messages().empty());
}

TEST_CASE("sts delivery: a policy that is tested keeps nothing back, and each host that would fail it is a result for reports") {
  Sender sender;
  TcpMailHost other(sender.io.get_executor(), with_certificate(Certificate{CertificateWish{}})), without(sender.io.get_executor());
  const auto result = [&](const TcpMailHost& host, std::string_view pattern) {
    return sender.attempt({host.target(kHost)}, policy(StsMode::testing, pattern), Outcome::delivered);
  };
  const auto untrusted = result(other, "*.there.example");
  CHECK(untrusted.tls.at(0).result.failure == TlsFailure::certificate_not_trusted);
  CHECK(untrusted.results[0].last.tls.ends_with(" (unverified, MTA-STS is only tested)"));
  CHECK(result(without, "*.there.example").tls.at(0).result.failure == TlsFailure::starttls_not_supported);
  CHECK(result(without, "*.there.example").results[0].last.tls.empty());
  CHECK(other.host().messages().size() == 1);
  CHECK(without.host().messages().size() == 2);
}

TEST_CASE("sts delivery: while a policy is tested, clear text to a host whose TLS is broken is a failure each time") {
  Sender sender;
  MailHostBehaviour broken = with_certificate(Certificate{CertificateWish{}});
  broken.breaks_tls_at = 0;
  TcpMailHost host(sender.io.get_executor(), broken);
  for (int i = 0; i < 2; ++i) {
    const auto report = sender.attempt({host.target(kHost)}, policy(StsMode::testing), Outcome::delivered);
    CHECK(report.tls.back().result.reached == TlsLevel::clear);
    CHECK(report.tls.back().result.failure == TlsFailure::validation_failure);
  }
  CHECK(host.host().messages().size() == 2);
}

// Two domains with one mail host that has no STARTTLS.
struct Neighbours {
  Simulation world;
  SimulatedHost there, listed;
  explicit Neighbours(const std::string& toml = "delivery.mta_sts = true") : world(toml) {
    world.dns->mx("secure.example", 10, kHost).mx("plain.example", 10, kHost).a(kHost, "192.0.2.1");
    world.host("192.0.2.1:25", there);
  }
  void publish(const std::string& mode, const std::string& mx = kHost, std::chrono::seconds age = std::chrono::hours(24 * 7)) {
    const std::string text = "version: STSv1\nmode: " + mode + "\nmx: " + mx + "\nmax_age: " + std::to_string(age.count());
    const WallTime now = world.time.wall();
    world.sts_policies().keep("secure.example", {mta::sts::parse_policy(text).value(), "1", now, now});
  }
  void send(const std::string& domain) { world.submit("me@here.example", {"you@" + domain}); }
  bool arrives(std::size_t count) {
    return world.run_until([&] { return there.received.size() == count; }, std::chrono::seconds(10));
  }
};

TEST_CASE("sts delivery: mail of a domain without a policy goes on while the policy keeps that of its neighbour at the same host back") {
  Neighbours both;
  both.publish("enforce");
  both.send("secure.example");
  both.world.run_for(std::chrono::seconds(10));
  CHECK(both.there.received.empty());
  both.send("plain.example");
  REQUIRE(both.arrives(1));
  CHECK(both.there.received[0].recipients.find("plain.example") != std::string::npos);
  CHECK(both.world.queued() == 1);
}

TEST_CASE("sts delivery: an open session of a neighbour without a policy is not used for mail that needs a certificate") {
  Neighbours both;
  both.publish("enforce");
  both.send("plain.example");
  REQUIRE(both.arrives(1));
  both.send("secure.example");
  both.world.run_for(std::chrono::seconds(1));
  CHECK(both.there.received.size() == 1);
}

TEST_CASE("sts delivery: a policy that is tested, or is none, and [delivery] mta_sts = false keep nothing back") {
  for (const std::string mode : {"testing", "none"}) {
    Neighbours both;
    both.publish(mode, "mx.elsewhere.example");
    both.send("secure.example");
    CHECK(both.arrives(1));
  }
  Neighbours off("delivery.mta_sts = false");
  off.publish("enforce");
  off.send("secure.example");
  CHECK(off.arrives(1));
  CHECK(
      std::none_of(off.world.dns->asked.begin(), off.world.dns->asked.end(), [](const auto& q) { return q.name.starts_with("_mta-sts"); }));
}

TEST_CASE("sts delivery: a policy holds over a restart, and mail goes when it has ended") {
  Neighbours both;
  both.publish("enforce", kHost, std::chrono::hours(2));
  both.send("secure.example");
  both.world.run_for(std::chrono::seconds(10));
  both.world.restart(std::chrono::minutes(30));
  both.world.run_for(std::chrono::minutes(60));
  CHECK(both.there.received.empty());
  CHECK(both.world.run_until([&] { return both.there.received.size() == 1; }, std::chrono::hours(12)));
}

TEST_CASE("sts delivery: hosts that the policy does not list are not connected to, and take no place of one that it lists") {
  Neighbours both;
  for (int i = 1; i <= 8; ++i) {
    const std::string name = "mx" + std::to_string(i) + ".other.example";
    both.world.dns->mx("secure.example", 1, name).a(name, "192.0.2.1" + std::to_string(i));
  }
  both.publish("enforce");
  both.send("secure.example");
  both.world.run_for(std::chrono::seconds(10));
  CHECK(both.world.connections() == std::vector<std::string>{"192.0.2.1:25"});
  CHECK(both.there.received.empty());
}

TEST_CASE("sts delivery: what stays of a policy is that it lists a host, the same for all domains") {
  dns::Target listed{kHost, dns::Address::parse("192.0.2.1").value()}, other{"mx.other.example", listed.address};
  for (const StsMode mode : {StsMode::enforce, StsMode::testing}) {
    mta::delivery::PolicyHosts hosts{{.kind = dns::TargetsKind::found, .targets = {listed, other}}, policy(mode, kHost)};
    mta::delivery::move_to_targets(hosts);
    CHECK(hosts.tls == TlsPolicy::sts_of_listed(mode));
    CHECK(hosts.tls.text() == (mode == StsMode::testing ? "sts-published-testing" : "sts-published"));
    CHECK(hosts.tls.is_testing() == (mode == StsMode::testing));
    for (const dns::Target& target : hosts.targets.targets) {
      const TlsPolicy before = policy_for(target, policy(mode, kHost)), now = policy_for(target, hosts.tls);
      CHECK(now.allows_host(target.host) == before.allows_host(target.host));
      CHECK(now.needs_certificate() == before.needs_certificate());
      CHECK(now.is_published_sts());
      CHECK(now.source() == before.source());
    }
    const auto digest = dane_digest(hosts.targets.targets, hosts.tls);
    CHECK_FALSE(digest.empty());  // a domain that lists both hosts is another site
    std::swap(hosts.targets.targets[0].is_unlisted, hosts.targets.targets[1].is_unlisted);
    CHECK(dane_digest(hosts.targets.targets, hosts.tls) != digest);
  }
  mta::delivery::PolicyHosts without{{.kind = dns::TargetsKind::found, .targets = {listed}}, TlsPolicy::may()};
  mta::delivery::move_to_targets(without);
  CHECK(without.tls == TlsPolicy::may());
  CHECK_FALSE(without.targets.targets[0].is_unlisted);
}

dns::Target with_records(std::vector<std::string> records) {
  dns::Target target{kHost, dns::Address::parse("192.0.2.1").value()};
  target.tlsa = {.kind = dns::HostTlsa::Kind::found, .base = kHost, .port = 25, .records = std::move(records)};
  return target;
}

TEST_CASE("sts delivery: DANE goes before a published policy where it says more, and nothing makes up for DANE that fails") {
  const std::string usable = "\x03\x01\x01" + std::string(32, 'x'), unusable = "\x01\x01\x01" + std::string(32, 'x');
  const TlsPolicy enforced = policy(StsMode::enforce, "mx.elsewhere.example"), tested = policy(StsMode::testing);
  CHECK(policy_for(with_records({usable}), enforced).kind() == TlsPolicy::Kind::dane);
  CHECK(policy_for(with_records({usable}), tested).needs_certificate());
  CHECK(policy_for(with_records({unusable}), enforced) == enforced);
  CHECK(policy_for(with_records({unusable}), tested).kind() == TlsPolicy::Kind::dane);
  dns::Target failed = with_records({});
  failed.tlsa.kind = dns::HostTlsa::Kind::failed;
  CHECK_FALSE(policy_for(failed, enforced).unknown_because().empty());
  failed.tlsa.kind = dns::HostTlsa::Kind::none;
  CHECK(policy_for(failed, enforced) == enforced);
  const TlsPolicy configured = TlsPolicy::sts({MxPattern::parse(kHost).value()}, StsMode::enforce, "[route]");
  CHECK(policy_for(with_records({usable}), configured) == configured);
  CHECK_FALSE(configured == policy(StsMode::enforce, kHost));
}

}  // namespace
}  // namespace mxpress::testing
