// Certificate and CertificateRequest messages as their octets, good and hostile ones.
#include "mta/net/certificate_message.h"

#include <malloc.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "mta/net/tls_engine.h"

namespace mxpress::testing {
namespace {

using namespace mta::net;
using namespace std::string_literals;

std::string number(std::size_t value, int octets) {
  std::string text;
  while (octets-- > 0) text += static_cast<char>(value >> (8 * octets));
  return text;
}

std::string vector(int length_octets, const std::string& content) { return number(content.size(), length_octets) + content; }

std::string element(int tag, const std::string& content) {
  const std::string length = content.size() < 128 ? number(content.size(), 1) : "\x83" + number(content.size(), 3);
  return number(static_cast<std::size_t>(tag), 1) + length + content;
}

std::string sequence(const std::string& content) { return element(0x30, content); }

std::string repeat(const std::string& text, std::size_t times) {
  std::string all;
  while (times-- > 0) all += text;
  return all;
}

const std::string kRsa = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"s;
const std::string kDsa = "\x06\x07\x2a\x86\x48\xce\x38\x04\x01"s;
const std::string kEc = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"s;
const std::string kP256 = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"s;
const std::string kP224 = "\x06\x05\x2b\x81\x04\x00\x21"s;

std::string key(const std::string& algorithm, const std::string& bits) { return sequence(sequence(algorithm) + element(0x03, bits)); }

const std::string kRsaKey = key(kRsa + "\x05\x00"s, "\0"s);

struct Wish {
  std::string key = kRsaKey;
  std::string extensions = {};
  std::string version = element(0xa0, "\x02\x01\x02"s);
};

std::string certificate(const Wish& wish) {
  const std::string algorithm = sequence(kRsa), name = sequence(""),
                    times = sequence(element(0x17, "260101000000Z") + element(0x17, "360101000000Z"));
  const std::string extensions = wish.extensions.empty() ? "" : element(0xa3, sequence(wish.extensions));
  return sequence(sequence(wish.version + "\x02\x01\x01"s + algorithm + name + times + name + wish.key + extensions) + algorithm +
                  element(0x03, "\0"s));
}

std::span<const unsigned char> octets_of(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

std::string excess12(const std::string& entries) {
  return std::string(excess_of_certificates(octets_of(vector(3, entries)), MessageForm::tls12));
}

std::string excess_of_both(const std::string& certificate, std::size_t times = 1) {
  const std::string older = excess12(repeat(vector(3, certificate), times));
  const std::string message = vector(1, "") + vector(3, repeat(vector(3, certificate) + vector(2, ""), times));
  CHECK(excess_of_certificates(octets_of(message), MessageForm::tls13) == older);
  return older;
}

std::string names_extension(std::size_t names) {
  return sequence("\x06\x03\x55\x1d\x11"s + element(0x04, sequence(repeat("\x82\x00"s, names))));
}

TEST_CASE("certificate message: a usual chain is taken, with and without a version") {
  CHECK(excess_of_both(certificate({}), 10) == "");
  CHECK(excess_of_both(certificate({.version = ""})) == "");
}

TEST_CASE("certificate message: keys are of RSA, or on a usual named curve with an uncompressed point") {
  constexpr const char* kOdd = "a key neither of RSA nor on a usual curve";
  CHECK(excess_of_both(certificate({.key = key(kEc + kP256, "\0\x04xy"s)})) == "");
  for (const std::string& odd :
       {key(kEc + kP256, "\0\x02x"s), key(kEc + kP256, "\0\x03x"s), key(kEc + kP256, "\0\x06xy"s),  // compressed, hybrid
        key(kEc + kP256, "\x01\x04xy"s), key(kEc + kP256, ""), key(kEc + kP256, "\0"s), key(kEc + kP224, "\0\x04xy"s),
        key(kEc + sequence("x"), "\0\x04xy"s), key(kEc, "\0\x04xy"s), key(kEc + kP256 + kP224, "\0\x04xy"s), key(kDsa, "\0"s),
        key("", "\0"s), sequence(sequence(kEc + kP256) + element(0x23, "\0\x04xy"s)), sequence("")}) {
    CAPTURE(odd);
    CHECK(excess_of_both(certificate({.key = odd})) == kOdd);
  }
}

TEST_CASE("certificate message: an odd key at any place of the chain is found") {
  const std::string good = vector(3, certificate({})), bad = vector(3, certificate({.key = key(kDsa, "\0"s)}));
  for (std::size_t place = 0; place < 10; ++place) CHECK(excess12(repeat(good, place) + bad + repeat(good, 9 - place)) != "");
}

TEST_CASE("certificate message: more than ten certificates, or tiny ones by the hundred, are too many") {
  CHECK(excess_of_both(certificate({}), 11) == "more than 10");
  CHECK(excess_of_both(certificate({.key = key(kDsa, "\0"s)}), 560) == "more than 16 KiB");
}

TEST_CASE("certificate message: names and other parts of all certificates together are bounded") {
  CHECK(excess_of_both(certificate({.extensions = names_extension(900)})) == "");
  CHECK(excess_of_both(certificate({.extensions = names_extension(kMaxCertificateElements)})) == "too many names and other parts");
  CHECK(excess_of_both(certificate({.extensions = names_extension(100)}), 10) == "too many names and other parts");
  std::string nested;
  for (int i = 0; i < 100; ++i) nested = sequence(nested);
  CHECK(excess_of_both(certificate({.extensions = nested})) == "too many names and other parts");
}

TEST_CASE("certificate message: an octet string that is no DER harms nothing and leaves no error behind") {
  ERR_clear_error();
  const std::string odd = sequence("\x06\x03\x55\x1d\x0e"s + element(0x04, "\x30\x7f no DER"s));
  CHECK(excess_of_both(certificate({.extensions = odd})) == "");
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("certificate message: whatever is cut off or left over is malformed") {
  const std::string message = vector(3, vector(3, certificate({})));
  for (std::size_t size = 0; size < message.size(); ++size)
    CHECK(excess_of_certificates(octets_of(message.substr(0, size)), MessageForm::tls12) == "malformed");
  CHECK(excess_of_certificates(octets_of(message + "x"), MessageForm::tls12) == "malformed");
  CHECK(excess12(vector(3, certificate({}) + "x")) == "malformed");
  CHECK(excess12(vector(3, "\x30\x80\x30\x80"s + certificate({}) + "\0\0\0\0"s)) == "malformed");
  CHECK(excess12(vector(3, sequence(certificate({})))) == "malformed");
}

std::string forgotten(std::string body, MessageForm form) {
  const std::size_t size = body.size();
  if (!forget_authorities({reinterpret_cast<unsigned char*>(body.data()), size}, form)) return "malformed";
  CHECK(body.size() == size);
  return body;
}

TEST_CASE("certificate request: TLS 1.2 leaves no authority, and the kinds of signatures that were there") {
  const std::string names = repeat(vector(2, sequence("")), 4'000);
  CHECK(forgotten(vector(1, "\x01\x40"s) + vector(2, "\x04\x03\x04\x01"s) + vector(2, names), MessageForm::tls12) ==
        vector(1, "\x01\x40"s) + vector(2, "\x04\x03\x04\x01"s + std::string(names.size(), '\0')) + vector(2, ""));
  CHECK(forgotten(vector(1, "\x01"s) + vector(2, "\x04\x03"s) + vector(2, "odd"), MessageForm::tls12) ==
        vector(1, "\x01\0"s) + vector(2, "\x04\x03\0\0"s) + vector(2, ""));
  const std::string without = vector(1, "\x01"s) + vector(2, "\x04\x03"s) + vector(2, "");
  CHECK(forgotten(without, MessageForm::tls12) == without);
}

TEST_CASE("certificate request: TLS 1.3 renames the extension of authorities alone") {
  const std::string signatures = "\0\x0d"s + vector(2, vector(2, "\x04\x03"s));
  const std::string names = vector(2, vector(2, repeat(vector(2, sequence("")), 4'000)));
  CHECK(forgotten(vector(1, "") + vector(2, "\0\x2f"s + names + signatures + "\0\x2f"s + vector(2, "")), MessageForm::tls13) ==
        vector(1, "") + vector(2, "\xfa\xfa"s + names + signatures + "\xfa\xfa"s + vector(2, "")));
}

TEST_CASE("certificate request: what is too long, cut off or left over is refused") {
  const std::string older = vector(1, "\x01"s) + vector(2, "\x04\x03"s) + vector(2, vector(2, sequence("")));
  const std::string newer = vector(1, "") + vector(2, "\0\x2f"s + vector(2, "abc") + "\0\x0d"s + vector(2, "abc"));
  CHECK(forgotten(older + "x", MessageForm::tls12) == "malformed");
  CHECK(forgotten(newer + "x", MessageForm::tls13) == "malformed");
  for (std::size_t size = 0; size < older.size(); ++size) CHECK(forgotten(older.substr(0, size), MessageForm::tls12) == "malformed");
  for (std::size_t size = 0; size < newer.size(); ++size) CHECK(forgotten(newer.substr(0, size), MessageForm::tls13) == "malformed");
  CHECK(forgotten(vector(1, "") + vector(2, "\0\x2f\0\x09"s), MessageForm::tls13) == "malformed");
  CHECK(forgotten(vector(1, std::string(255, 'x')) + vector(2, "\x04\x03"s) + vector(2, "odd"), MessageForm::tls12) == "malformed");
  CHECK(forgotten(vector(1, "\x01"s) + vector(2, "\x04\x03"s) + vector(2, std::string(kMaxRequestOctets, '\0')), MessageForm::tls12) ==
        "malformed");
}

std::string real_rsa_key() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> made(EVP_RSA_gen(2048), &EVP_PKEY_free);
  unsigned char* octets = nullptr;
  const auto size = static_cast<std::size_t>(i2d_PUBKEY(made.get(), &octets));
  const std::string text(reinterpret_cast<const char*>(octets), size);
  OPENSSL_free(octets);
  return text;
}

// The records of a TLS 1.2 host up to its request for a certificate. RFC 5246 7.4.
std::string handshake(const std::string& certificates, const std::string& request) {
  const std::string hello = "\x03\x03"s + std::string(32, 'r') + vector(1, "") + "\x00\x9d\x00"s + vector(2, "\xff\x01\x00\x01\x00"s);
  const std::string messages = "\x02"s + vector(3, hello) + "\x0b"s + vector(3, certificates) + "\x0d"s + vector(3, request);
  std::string records;
  for (std::size_t at = 0; at < messages.size(); at += 16'000) records += "\x16\x03\x03"s + vector(2, messages.substr(at, 16'000));
  return records;
}

std::size_t allocated() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

TEST_CASE("certificate message: the costliest handshake that is taken keeps less than a session may") {
  const std::string filler = sequence("\x06\x03\x2a\x03\x04"s + element(0x04, std::string(12'000, '\xff')));
  const std::string key = real_rsa_key();
  const std::string chain =
      vector(3, certificate({.key = key, .extensions = names_extension(900) + filler})) + vector(3, certificate({.key = key}));
  const std::string request = vector(1, "\x01"s) + vector(2, "\x04\x01\x04\x03"s) + vector(2, repeat(vector(2, sequence("")), 8'000));
  const std::string said = handshake(vector(3, chain), request);
  std::vector<std::unique_ptr<TlsEngine>> sessions;
  std::size_t before = 0;
  for (int i = 0; i <= 20; ++i) {
    if (i == 1) before = allocated();
    TlsEngine& session = *sessions.emplace_back(std::make_unique<TlsEngine>(TlsOffer::usual, "mx.there.example"));
    TlsEngine::Step step = session.handshake();
    for (std::size_t at = 0; at < said.size() && step == TlsEngine::Step::wants_input; step = session.handshake()) {
      const std::size_t count = said.copy(session.input_space().data(), session.input_space().size(), at);
      session.input_arrived(count);
      at += count;
    }
    CHECK(session.words() == "");
    REQUIRE(step == TlsEngine::Step::wants_input);
  }
  CHECK(allocated() - before <= 20 * TlsEngine::kMostMemory);
}

}  // namespace
}  // namespace mxpress::testing
