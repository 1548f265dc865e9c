// Keys, and their records in the DNS.
#include <catch2/catch.hpp>
#include <string>

#include "mta/dkim/key.h"
#include "mta/dkim/key_record.h"
#include "proto/encoding.h"
#include "tests/support/dkim_keys.h"

using namespace mxpress;
using namespace mxpress::mta::dkim;
using mxpress::testing::ed25519_key;
using mxpress::testing::pem_of_rsa;
using mxpress::testing::rsa_key;

namespace {

std::string refusal_of(const std::string& pem) {
  const Result<Key> key = Key::parse(pem);
  REQUIRE_FALSE(key.ok());
  return key.error().message;
}

std::string refusal_of_record(const std::string& record) {
  const Result<KeyRecord> parsed = parse_key_record(record);
  REQUIRE_FALSE(parsed.ok());
  return parsed.error().message;
}

proto::Domain domain(const char* text) { return *proto::Domain::parse(text); }

}  // namespace

TEST_CASE("dkim key: a key that was made is written and read as the same key, and its signatures are verified") {
  for (const KeyKind kind : {KeyKind::rsa, KeyKind::ed25519}) {
    const Key made = *Key::generate(kind);
    const Key read = *Key::parse(made.pem());
    CHECK(read.kind() == kind);
    CHECK(read.public_key() == made.public_key());
    const Digest digest = sha256("text");
    const std::string signature = *read.sign(digest);
    CHECK(verify(made.public_key(), digest, signature));
    CHECK_FALSE(verify(made.public_key(), sha256("other text"), signature));
    CHECK_FALSE(verify(made.public_key(), digest, signature + "x"));
  }
}

TEST_CASE("dkim key: RSA has 2048 to 4096 bits") {
  CHECK_THAT(refusal_of(pem_of_rsa(1024)), Catch::Contains("the RSA key has 1024 bits") && Catch::Contains("openssl genpkey"));
  CHECK_THAT(refusal_of(pem_of_rsa(2047)), Catch::Contains("the RSA key has 2047 bits"));
  CHECK_THAT(refusal_of(pem_of_rsa(4104)), Catch::Contains("the RSA key has 4104 bits"));
  CHECK(Key::parse(pem_of_rsa(3072)).ok());
  CHECK_FALSE(Key::generate(KeyKind::rsa, 1024).ok());
  CHECK_FALSE(Key::generate(KeyKind::rsa, 8192).ok());
}

TEST_CASE("dkim key: text around a key, and CRLF line ends, do not matter") {
  std::string pem = rsa_key().pem();
  for (std::size_t at = 0; (at = pem.find('\n', at)) != std::string::npos; at += 2) pem.replace(at, 1, "\r\n");
  CHECK(Key::parse("key of example.org\r\n\r\n" + pem + "\r\nend\r\n")->public_key() == rsa_key().public_key());
}

TEST_CASE("dkim key: what is no key is refused with what to do") {
  CHECK_THAT(refusal_of(""), Catch::Contains("no private key in PEM text") && Catch::Contains("openssl genpkey"));
  CHECK_THAT(refusal_of(std::string(100, '\0')), Catch::Contains("no private key in PEM text"));
  CHECK_THAT(refusal_of("-----BEGIN PUBLIC KEY-----\n"), Catch::Contains("this is a public key"));
  CHECK_THAT(refusal_of("-----BEGIN CERTIFICATE-----\n"), Catch::Contains("this is a certificate"));
  CHECK_THAT(refusal_of("-----BEGIN OPENSSH PRIVATE KEY-----\n"), Catch::Contains("key of OpenSSH"));
  CHECK_THAT(refusal_of(rsa_key().pem().substr(0, 500)), Catch::Contains("the private key is damaged"));
  CHECK_THAT(refusal_of(testing::pem_of_curve()), Catch::Contains("a key of another kind"));
  CHECK_THAT(refusal_of(testing::pem_of_pss()), Catch::Contains("PSS"));
}

TEST_CASE("dkim key: a key with a password is refused, and nobody is asked for it") {
  CHECK_THAT(refusal_of(testing::pem_with_password()), Catch::Contains("has a password") && Catch::Contains("openssl pkey"));
}

TEST_CASE("dkim key: a key whose parts do not fit each other is refused") {
  CHECK_THAT(refusal_of(testing::pem_of_broken_rsa()), Catch::Contains("its signatures do not fit its public key"));
}

TEST_CASE("dkim key record: what is printed is read as the key that it was made of") {
  for (const Key& key : {rsa_key(), ed25519_key(), *Key::parse(pem_of_rsa(4096))}) {
    const std::string text = record_text(key.public_key());
    CHECK(text.size() < kMostRecordOctets);
    CHECK(parse_key_record(text)->key == key.public_key());
    CHECK(matches(text, key).ok());
  }
}

TEST_CASE("dkim key record: SPKI for RSA, 32 octets for Ed25519, no s=, no blank behind =") {
  const std::string rsa = record_text(rsa_key().public_key());
  CHECK_THAT(rsa, Catch::StartsWith("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"));
  const std::string ed25519 = record_text(ed25519_key().public_key());
  CHECK_THAT(ed25519, Catch::StartsWith("v=DKIM1; k=ed25519; p="));
  CHECK(ed25519.size() == std::string("v=DKIM1; k=ed25519; p=").size() + 44);
  for (const std::string& text : {rsa, ed25519}) {
    CHECK(text.find(" s=") == std::string::npos);
    CHECK(text.find("= ") == std::string::npos);
  }
}

TEST_CASE("dkim key record: flags and the hash are read") {
  const std::string text = record_text(ed25519_key().public_key());
  CHECK_FALSE(parse_key_record(text)->is_testing);
  CHECK(parse_key_record(text + "; t=y")->is_testing);
  CHECK(parse_key_record(text + "; t=s:y")->has_same_domain);
  CHECK(parse_key_record("v=DKIM1; h=sha256; k=ed25519" + text.substr(text.find("; p="))).ok());
  CHECK(parse_key_record("v=DKIM1;k=rsa;" + record_text(rsa_key().public_key()).substr(16) + ";").ok());
  CHECK(parse_key_record("v=DKIM1; " + record_text(rsa_key().public_key()).substr(16)).ok());
}

TEST_CASE("dkim key record: what verifiers refuse is refused, in words") {
  const std::string p = "p=" + proto::base64(ed25519_key().public_key().octets);
  const std::string rsa = record_text(rsa_key().public_key()).substr(16);
  CHECK_THAT(refusal_of_record("v=DKIM1; k=ed25519; s=email:tlsrpt; " + p), Catch::Contains("the tag s="));
  CHECK_THAT(refusal_of_record("v= DKIM1; k=ed25519; " + p), Catch::Contains("blank inside the tag v="));
  CHECK_THAT(refusal_of_record("k=ed25519; v=DKIM1; " + p), Catch::Contains("does not begin with v=DKIM1"));
  CHECK_THAT(refusal_of_record(p), Catch::Contains("does not begin with v=DKIM1"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=ed25519; x=1; " + p), Catch::Contains("does not print"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=ed25519; " + p + "; " + p), Catch::Contains("p= twice"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=ed25519; h=sha1; " + p), Catch::Contains("other hashes"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=ed25519"), Catch::Contains("no key (p=)"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=ed25519; p="), Catch::Contains("revoked"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=ed25519; p=&&&"), Catch::Contains("no base64"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=ed25519; " + rsa), Catch::Contains("32 octets"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=ed448; " + p), Catch::Contains("unknown kind"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=rsa; " + p), Catch::Contains("no public key (SubjectPublicKeyInfo)"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=rsa; p=" + proto::base64(testing::pkcs1_of(rsa_key()))), Catch::Contains("PKCS#1"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=ed25519; t=z; " + p), Catch::Contains("unknown flag"));
  CHECK_THAT(refusal_of_record("v=DKIM1; k=rsa; " + rsa.substr(0, 80) + " " + rsa.substr(80)), Catch::Contains("blank inside the tag p="));
  CHECK_THAT(refusal_of_record("v=DKIM1; " + std::string(1000, 'p')), Catch::Contains("1,000 octets"));
  CHECK_THAT(refusal_of_record("v=DKIM1; ;"), Catch::Contains("without name and value"));
  CHECK_THAT(refusal_of_record(""), Catch::Contains("does not begin with v=DKIM1"));
}

TEST_CASE("dkim key record: a key that does not match is told, with the record to publish") {
  const std::string other = record_text(Key::generate(KeyKind::ed25519)->public_key());
  const std::string own = record_text(ed25519_key().public_key());
  CHECK_THAT(matches(other, ed25519_key()).error().message, Catch::Contains("another key") && Catch::EndsWith(own));
  CHECK_THAT(matches(other, rsa_key()).error().message, Catch::Contains("another kind"));
  CHECK_THAT(matches("v=DKIM1; p=", ed25519_key()).error().message, Catch::Contains("revoked") && Catch::EndsWith(own));
}

TEST_CASE("dkim key record: a zone file has it in strings of at most 255 octets") {
  CHECK(zone_strings("v=DKIM1; p=x") == "\"v=DKIM1; p=x\"");
  CHECK(zone_strings(std::string(255, 'a')) == "\"" + std::string(255, 'a') + "\"");
  CHECK(zone_strings(std::string(600, 'a')) ==
        "\"" + std::string(255, 'a') + "\" \"" + std::string(255, 'a') + "\" \"" + std::string(90, 'a') + "\"");
  CHECK(record_name("s1", domain("example.org")) == "s1._domainkey.example.org");
}

TEST_CASE("dkim key record: a selector is a name in lower case and A-labels") {
  CHECK(*parse_selector("mx2026") == "mx2026");
  CHECK(*parse_selector("2026") == "2026");
  CHECK(*parse_selector("A.b-c.1") == "a.b-c.1");
  CHECK(*parse_selector("b\xc3\xbc\x63her") == "xn--bcher-kva");
  for (const std::string bad : {"", ".", "a.", "a..b", "-a", "a-", "a_b", "a b", "a;b", "\xff", "\xc3\xbc;"})
    CHECK_FALSE(parse_selector(bad).ok());
  CHECK_FALSE(parse_selector(std::string(64, 'a')).ok());
  CHECK_FALSE(
      parse_selector("a." + std::string(60, 'b') + "." + std::string(60, 'c') + "." + std::string(60, 'd') + "." + std::string(60, 'e'))
          .ok());
}
