// Canonical forms of bodies and header fields.
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "mta/dkim/body_hash.h"
#include "mta/dkim/signed_fields.h"
#include "proto/encoding.h"
#include "proto/mail_data.h"
#include "tests/support/dkim_verifier.h"

using namespace mxpress;
using namespace mxpress::mta::dkim;
using mxpress::testing::relaxed_body;
using mxpress::testing::simple_body;

namespace {

BodyDigest digest(BodyForm form, std::string_view body, std::size_t piece = SIZE_MAX) {
  BodyHash hash(form);
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) hash.feed(body.substr(0, piece));
  return hash.finish();
}

std::string base64_of(const Digest& digest) { return proto::base64(std::string(digest.begin(), digest.end())); }

std::string relaxed(std::string text) {
  proto::HeaderReader reader(text);
  return relaxed_field(reader.next().value());
}

bool needs_simple(std::string_view body) { return digest(BodyForm::relaxed, body).needs_simple; }

// The body as mxpress sends it, before dot stuffing.
std::string sent(const std::string& body) {
  proto::LineEndNormaliser normaliser;
  std::string out;
  normaliser.feed(body, out);
  normaliser.finish(out);
  return out;
}

std::string random_body(std::mt19937& random) {
  static const std::string_view kParts[] = {"a", "b", " ", "\t", "\r", "\n", "\r\n", "\r\n\r\n", ".", "word", "\f", "\xc3\xa4"};
  std::string body;
  for (unsigned i = random() % 40; i > 0; --i) body += kParts[random() % std::size(kParts)];
  return body;
}

}  // namespace

TEST_CASE("dkim canonical form: the example of RFC 6376 3.4.5") {
  CHECK(relaxed("A: X\r\n") == "a:X\r\n");
  CHECK(relaxed("B : Y\t\r\n\tZ  \r\n") == "b:Y Z\r\n");
  const std::string body = " C \r\nD \t E\r\n\r\n\r\n";
  CHECK(digest(BodyForm::relaxed, body).octets == sha256(" C\r\nD E\r\n"));
  CHECK(digest(BodyForm::simple, body).octets == sha256(" C \r\nD \t E\r\n"));
}

TEST_CASE("dkim canonical form: the empty bodies of RFC 6376 3.4.3 and 3.4.4") {
  for (const std::string body : {"", "\r\n", "\r\n\r\n\r\n"}) {
    CHECK(base64_of(digest(BodyForm::relaxed, body).octets) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    CHECK(base64_of(digest(BodyForm::simple, body).octets) == "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
  }
}

TEST_CASE("dkim canonical form: header fields in one line, with single blanks") {
  CHECK(relaxed("SUBJect:  AbC\t\t d \r\n") == "subject:AbC d\r\n");
  CHECK(relaxed("Subject:\r\n a\r\n\tb\r\n \r\n") == "subject:a b\r\n");
  CHECK(relaxed("Subject:\r\n") == "subject:\r\n");
  CHECK(relaxed("Subject: a\rb\nc\r\n") == "subject:a b c\r\n");
  CHECK(relaxed("Subject: a: b\r\n") == "subject:a: b\r\n");
}

TEST_CASE("dkim canonical form: a body in any pieces is hashed as it is sent") {
  std::mt19937 random(20261129);
  for (int i = 0; i < 3000; ++i) {
    const std::string body = random_body(random);
    CAPTURE(body);
    const BodyDigest relaxed = digest(BodyForm::relaxed, body);
    REQUIRE(relaxed.octets == sha256(relaxed_body(sent(body))));
    REQUIRE(digest(BodyForm::simple, body).octets == sha256(simple_body(sent(body))));
    for (const std::size_t piece : {1, 2, 3, 7}) {
      REQUIRE(digest(BodyForm::relaxed, body, piece).octets == relaxed.octets);
      REQUIRE(digest(BodyForm::relaxed, body, piece).needs_simple == relaxed.needs_simple);
      REQUIRE(digest(BodyForm::simple, body, piece).octets == digest(BodyForm::simple, body).octets);
    }
  }
}

TEST_CASE("dkim canonical form: parts that are longer than the buffer") {
  const std::string line = std::string(5000, 'x') + "  " + std::string(4096, 'y') + " \r\n";
  const std::string body = line + line + std::string(3000, ' ') + "\r\n" + std::string(2000, '\n') + "end";
  for (const std::size_t piece : {SIZE_MAX, std::size_t{4095}}) {
    CHECK(digest(BodyForm::relaxed, body, piece).octets == sha256(relaxed_body(sent(body))));
    CHECK(digest(BodyForm::simple, body, piece).octets == sha256(simple_body(sent(body))));
  }
}

TEST_CASE("dkim canonical form: bare CR and LF of progress bars are hashed as they are sent") {
  CHECK(digest(BodyForm::relaxed, "10%\r20%\r\r30%\r\nend\nof it\r").octets == sha256("10% 20% 30%\r\nend\r\nof it\r\n"));
}

TEST_CASE("dkim canonical form: verifiers agree about the simple form of blanks, form feeds and vertical tabs alone") {
  for (const std::string body : {" ", "\t\r\n", "\r\n \r\n", "a\fb\r\n", "a\r\n\vb\r\n", "\f"}) CHECK(needs_simple(body));
  for (const std::string body : {"", "\r\n", "\r\n\r\n", "a", " a \r\n", "\r\n\r\n a"}) CHECK_FALSE(needs_simple(body));
  CHECK_FALSE(digest(BodyForm::simple, " \r\n").needs_simple);
}
