// The memory of waiting mail compared with its charge: the real pool, workers and spool, measured by malloc.
#include <malloc.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <tuple>

#include "queue/waiting_mail.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using std::chrono::minutes;
using std::chrono::seconds;

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)  // their memory is not malloc's

namespace {

constexpr std::size_t kMessages = 1000;

// Labels of 60 octets, each with its dot; approximately this many octets in all.
std::string labels(std::size_t octets) {
  std::string text;
  for (std::size_t left = octets; left > 0; left -= std::min<std::size_t>(left, 60))
    text += std::string(std::min<std::size_t>(left, 60), 'a') + ".";
  return text;
}

// Domains with hosts of their own that defer everything. More than a hundred destinations are many.
struct World : Simulation {
  SimulatedHost there;
  std::string domain_end;

  explicit World(const std::string& toml = "") : Simulation(toml, 100) { host("192.0.2.1:25", there); }
  // `tlsa`: octets of the TLSA record of each host; 0: without one.
  void add_domains(std::size_t count, std::size_t domain, std::size_t host_name, int hosts, std::size_t tlsa = 0) {
    dns->authenticated = tlsa > 0;
    domain_end = "." + labels(domain) + "example";
    for (std::size_t i = 0; i < count; ++i)
      for (int n = 0; n < hosts; ++n) {
        const std::string name = "m" + std::to_string(n) + std::to_string(100'000 + i) + "." + labels(host_name) + "example";
        dns->mx(domain_at(i), 10, name).a(name, "192.0.2.1");
        if (tlsa > 0) dns->tlsa("_25._tcp." + name, "\x03\x01\x01" + std::string(tlsa - 3, 'k'));
      }
  }
  // Each domain has a policy of its own that is as long as one may be.
  void publish(std::size_t count, const std::string& mode) {
    const WallTime now = time.wall();
    for (std::size_t i = 0; i < count; ++i) {
      std::string text = "version: STSv1\nmode: " + mode + "\nmax_age: 604800\nmx: *." + domain_at(i) + "\n";
      for (int n = 0; n < 8; ++n) text += "mx: x" + std::to_string(n) + "." + labels(180) + std::to_string(i) + ".example\n";
      sts_policies().keep(domain_at(i), {mta::sts::parse_policy(text).value(), "1", now, now});
    }
  }
  std::string domain_at(std::size_t i) const { return "d" + std::to_string(100'000 + i) + domain_end; }
  // The daemon's memory in octets while all of them wait, and the charge for them.
  std::pair<std::size_t, std::size_t> taken_and_charged(std::size_t domains) {
    std::size_t charged = 0;
    for (std::size_t i = 0; i < kMessages; ++i) {
      const std::string recipient = "u@" + domain_at(i % domains);
      submit_as(1001, "me@here.example", {recipient});
      if (i % 50 == 0) run_for(seconds(1));
      proto::Envelope envelope;
      envelope.recipients.push_back({*proto::Mailbox::parse(recipient), {}, ""});
      const auto weight = queue::weight_of(envelope);
      charged += weight.message + (i < domains ? weight.destination : 0);
    }
    run_for(minutes(20));
    REQUIRE(queued() == kMessages);
    const std::size_t with = ::mallinfo2().uordblks;
    kill();
    return {with - ::mallinfo2().uordblks, charged};
  }
};

}  // namespace

TEST_CASE("waiting mail: messages to domains of their own are charged for at least four fifths of what they take") {
  const auto [domain, host_name, hosts] =
      GENERATE(std::tuple(1, 1, 1), std::tuple(140, 140, 1), std::tuple(230, 230, 2), std::tuple(1, 230, 2), std::tuple(230, 1, 1),
               std::tuple(1, 230, 5), std::tuple(230, 230, 5));
  World world;
  world.there.mail = [](const std::string&) { return "421 4.3.2 " + std::string(600, 'x'); };
  world.add_domains(kMessages, static_cast<std::size_t>(domain), static_cast<std::size_t>(host_name), hosts);
  const auto [taken, charged] = world.taken_and_charged(kMessages);
  UNSCOPED_INFO("octets each: " << taken / kMessages << " taken, " << charged / kMessages << " charged");
  CHECK(charged >= taken / 10 * 8);
  CHECK(charged <= taken * 3);
}

TEST_CASE("waiting mail: messages to domains with TLSA records are charged for four fifths where these are usual, else for half") {
  const auto [tlsa, tenths] = GENERATE(std::pair(35u, 8u), std::pair(1600u, 5u), std::pair(400u, 5u));
  World world;
  world.there.mail = [](const std::string&) { return "421 4.3.2 " + std::string(600, 'x'); };
  world.add_domains(kMessages, 1, 150, 5, tlsa);
  const auto [taken, charged] = world.taken_and_charged(kMessages);
  UNSCOPED_INFO("octets each: " << taken / kMessages << " taken, " << charged / kMessages << " charged");
  CHECK(charged >= taken / 10 * tenths);
}

TEST_CASE("waiting mail: a long MTA-STS policy of each domain takes no memory beside the policies that are kept") {
  const std::string mode = GENERATE("enforce", "testing");
  World world("delivery.mta_sts = true\n");
  world.there.mail = [](const std::string&) { return "421 4.3.2 " + std::string(600, 'x'); };
  world.add_domains(kMessages, 1, 230, 2);
  world.publish(kMessages, mode);
  const auto [taken, charged] = world.taken_and_charged(kMessages);
  UNSCOPED_INFO("octets each: " << taken / kMessages << " taken, " << charged / kMessages << " charged");
  CHECK(charged >= taken / 10 * 8);
}

TEST_CASE("waiting mail: messages to one domain that were tried are charged for at least four fifths of what they take") {
  World world;
  world.there.rcpt = [](const std::string&) { return "450 4.2.0 later"; };
  world.add_domains(1, 140, 140, 1);
  const auto [taken, charged] = world.taken_and_charged(1);
  UNSCOPED_INFO("octets each: " << taken / kMessages << " taken, " << charged / kMessages << " charged");
  CHECK(charged >= taken / 10 * 8);
}

#endif
