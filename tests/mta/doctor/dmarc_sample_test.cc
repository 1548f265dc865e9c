// DMARC of a sample.
#include "mta/doctor/dmarc_sample.h"

#include <catch2/catch.hpp>

#include "mta/dkim/key_record.h"
#include "tests/support/content_source.h"
#include "tests/support/dkim_keys.h"
#include "tests/support/doctor_fakes.h"
#include "tests/support/scripted_resolver.h"

namespace mxpress::testing {
namespace {

using namespace mta::doctor;

struct World {
  ScriptedResolver dns;
  Subject subject = subject_here();
  mta::dkim::KeyRing ring;

  World() {
    sign_as("here.example");
    dns.txt("_dmarc.here.example", "v=DMARC1; p=reject");
  }
  void sign_as(const std::string& domain) {
    ring = {};
    REQUIRE(ring.add({proto::Domain::parse(domain).value(), {{"r1", rsa_key()}}}).ok());
    ring.set_own(proto::Domain::parse(domain).value());
    dns.txt("r1._domainkey." + domain, mta::dkim::record_text(rsa_key().public_key()));
  }
  Finding check(State spf = State::wrong) { return run(check_dmarc_sample(subject, ring, spf, dns)).front(); }
  std::string organization(const std::string& domain) { return run(organizational_domain(domain, dns)).value_or("?"); }
};

}  // namespace

TEST_CASE("doctor: a sample passes DMARC by a signature that the record verifies, or by SPF") {
  World world;
  CHECK(world.check().state == State::fine);
  CHECK_THAT(world.check().evidence, Catch::Contains("r1._domainkey.here.example verifies"));
  world.dns.forget("r1._domainkey.here.example");
  CHECK(world.check(State::fine).state == State::fine);
  CHECK(world.check(State::wrong).state == State::wrong);
}

TEST_CASE("doctor: a signature that the key in the DNS does not verify is no pass") {
  World world;
  world.dns.forget("r1._domainkey.here.example")
      .txt("r1._domainkey.here.example", mta::dkim::record_text(mta::dkim::Key::generate(mta::dkim::KeyKind::rsa).value().public_key()));
  CHECK(world.check().state == State::wrong);
  CHECK_THAT(world.check().evidence, Catch::Contains("does not verify"));
}

TEST_CASE("doctor: a signature by a parent domain is aligned unless the record is strict") {
  World world;
  world.subject.mail.domain = proto::Domain::parse("news.here.example").value();
  CHECK(world.check().state == State::fine);
  world.dns.forget("_dmarc.here.example").txt("_dmarc.here.example", "v=DMARC1; p=reject; adkim=s");
  CHECK(world.check().state == State::wrong);
}

TEST_CASE("doctor: a signature by another organization is not aligned") {
  World world;
  world.sign_as("host.elsewhere.example");
  world.dns.txt("_dmarc.elsewhere.example", "v=DMARC1; p=none");
  CHECK(world.check().state == State::wrong);
  CHECK_THAT(world.check().evidence, Catch::Contains("is not that of From"));
}

TEST_CASE("doctor: a sample is unknown while the DNS fails, and a provider's matter where it signs") {
  World world;
  world.dns.fail("r1._domainkey.here.example");
  CHECK(world.check().state == State::unknown);
  world.ring = {};
  CHECK(world.check(State::unknown).state == State::unknown);
  world.subject = subject_of_provider();
  CHECK(world.check(State::not_needed).state == State::not_needed);
}

TEST_CASE("doctor: the organizational domain is found by the tree walk") {
  World world;
  CHECK(world.organization("a.b.here.example") == "here.example");
  world.dns.txt("_dmarc.example", "v=DMARC1; p=none; psd=y");
  CHECK(world.organization("a.b.here.example") == "here.example");
  CHECK(world.organization("a.b.other.example") == "other.example");
  world.dns.txt("_dmarc.b.here.example", "v=DMARC1; p=none; psd=n");
  CHECK(world.organization("a.b.here.example") == "b.here.example");
  CHECK(world.organization("nothing.invalid") == "nothing.invalid");
  world.dns.fail("_dmarc.here.example");
  CHECK(world.organization("here.example") == "?");
}

}  // namespace mxpress::testing
