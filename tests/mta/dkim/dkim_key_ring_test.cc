// The domain that signs.
#include <catch2/catch.hpp>
#include <string>

#include "mta/dkim/key_ring.h"
#include "tests/support/dkim_keys.h"

using namespace mxpress;
using namespace mxpress::mta::dkim;
using mxpress::testing::ed25519_key;
using mxpress::testing::rsa_key;

namespace {

proto::Domain domain(const std::string& text) { return *proto::Domain::parse(text); }

KeyRing ring_of(const std::vector<std::string>& domains) {
  KeyRing ring;
  for (const std::string& one : domains) REQUIRE(ring.add({domain(one), {{"s", rsa_key()}}}).ok());
  return ring;
}

std::string signer_of(const KeyRing& ring, const std::string& header) {
  const Identity* found = ring.find(header);
  return found ? found->domain.text() : "";
}

std::string refusal(Identity identity) {
  const Status added = KeyRing().add(std::move(identity));
  REQUIRE_FALSE(added.ok());
  return added.error().message;
}

}  // namespace

TEST_CASE("dkim key ring: nobody signs for a domain that is excluded, but for what is below it and has keys") {
  KeyRing ring = ring_of({"example.org", "deep.sub.example.org"});
  ring.set_own(domain("example.org"));
  ring.exclude(domain("sub.example.org"));
  CHECK(ring.find("From: a@sub.example.org\r\n") == nullptr);
  CHECK(ring.find("From: a@x.sub.example.org\r\n") == nullptr);
  REQUIRE(ring.find("From: a@deep.sub.example.org\r\n"));
  CHECK(ring.find("From: a@deep.sub.example.org\r\n")->domain.text() == "deep.sub.example.org");
  REQUIRE(ring.find("From: a@example.org\r\n"));
  REQUIRE(ring.find("From: a@notsub.example.org\r\n"));
}

TEST_CASE("dkim key ring: the author's domain signs, else its parent, else the host's") {
  KeyRing ring = ring_of({"example.org", "news.example.org", "host.example.net", "xn--bcher-kva.example"});
  ring.set_own(domain("web1.host.example.net"));
  const std::string own = "host.example.net";
  const struct {
    std::string from, domain;
  } rows[] = {
      {"From: a@example.org\r\n", "example.org"},
      {"From: A <a@EXAMPLE.org>\r\n", "example.org"},
      {"from : a@news.example.org\r\n", "news.example.org"},
      {"From: a@deep.in.news.example.org\r\n", "news.example.org"},
      {"From: a@other.example.org\r\n", "example.org"},
      {"From: a@notexample.org\r\n", own},
      {"From: a@org\r\n", own},
      {"From: a@elsewhere.example\r\n", own},
      {"From: a@b\xc3\xbc\x63her.example\r\n", "xn--bcher-kva.example"},
      {"From: a@xn--bcher-kva.example\r\n", "xn--bcher-kva.example"},
      {"From: a@shop.B\xc3\x9c\x43HER.example\r\n", "xn--bcher-kva.example"},
      {"From: \"x@news.example.org\" <a@example.org>\r\n", "example.org"},
      {"From: a@example.org (for b@news.example.org)\r\n", "example.org"},
      {"From: (c@news.example.org) a@example.org\r\n", "example.org"},
      {"From: \"odd@name\"@example.org\r\n", "example.org"},
      {"From:\r\n A\r\n <a@example.org>\r\n", "example.org"},
      {"From: Team: a@example.org;\r\n", "example.org"},
      {"From: Team: a@example.org, b@example.org;\r\n", own},
      {"From: Nobody:;\r\n", own},
      {"From: a@example.org, b@example.org\r\n", own},
      {"From: a@example.org\r\nFrom: a@example.org\r\n", own},
      {"From: a@example.org\r\nFrom:\r\n", own},
      {"From: root\r\n", own},
      {"From: <>\r\n", own},
      {"From:\r\n", own},
      {"Subject: no author\r\n", own},
      {"Sender: a@example.org\r\n", own},
      {"From: a@[192.0.2.1]\r\n", own},
      {"From: a@-bad-.example.org\r\n", own},
      {"From: <a@example.org\r\n", own},
      {"From: \xff\xfe@example.org\r\n", "example.org"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.from);
    CHECK(signer_of(ring, row.from) == row.domain);
  }
}

TEST_CASE("dkim key ring: without a key of the author's or the host's domain nobody signs") {
  KeyRing ring = ring_of({"example.org"});
  CHECK(signer_of(ring, "From: a@elsewhere.example\r\n").empty());
  ring.set_own(domain("host.example.net"));
  CHECK(signer_of(ring, "From: a@elsewhere.example\r\n").empty());
  CHECK(signer_of(ring, "From: a@example.org\r\n") == "example.org");
  CHECK(signer_of(KeyRing(), "From: a@example.org\r\n").empty());
}

TEST_CASE("dkim key ring: RSA stands first, whatever the order") {
  KeyRing ring;
  REQUIRE(ring.add({domain("example.org"), {{"e1", ed25519_key()}, {"R1", rsa_key()}, {"r0", rsa_key()}}}).ok());
  const Identity& identity = *ring.find("From: a@example.org\r\n");
  REQUIRE(identity.keys.size() == 3);
  CHECK(identity.keys[0].selector == "r1");
  CHECK(identity.keys[1].selector == "r0");
  CHECK(identity.keys[2].selector == "e1");
}

TEST_CASE("dkim key ring: what receivers could not verify is refused") {
  CHECK_THAT(refusal({domain("example.org"), {}}), Catch::Contains("an RSA key is missing"));
  CHECK_THAT(refusal({domain("example.org"), {{"e", ed25519_key()}}}), Catch::Contains("an RSA key is missing"));
  CHECK_THAT(refusal({domain("example.org"), {{"a b", rsa_key()}}}), Catch::Contains("the selector"));
  CHECK_THAT(refusal({domain("example.org"), {{"s", rsa_key()}, {"S", ed25519_key()}}}), Catch::Contains("two keys have the selector s"));
  CHECK_THAT(refusal({domain("localhost"), {{"s", rsa_key()}}}), Catch::Contains("fully qualified"));
  CHECK_THAT(refusal({domain("[192.0.2.1]"), {{"s", rsa_key()}}}), Catch::Contains("fully qualified"));
  std::vector<SigningKey> many;
  for (int i = 0; i < 20; ++i) many.push_back({"s" + std::to_string(i), rsa_key()});
  CHECK_THAT(refusal({domain("example.org"), many}), Catch::Contains("more than four"));
}
