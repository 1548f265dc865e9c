// Signatures: the fields that they cover, and their form.
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "mta/dkim/key_record.h"
#include "mta/dkim/signature.h"
#include "mta/dkim/signer.h"
#include "proto/encoding.h"
#include "tests/support/dkim_keys.h"
#include "tests/support/dkim_verifier.h"

using namespace mxpress;
using namespace mxpress::mta::dkim;
using mxpress::testing::ed25519_key;
using mxpress::testing::rsa_key;
using mxpress::testing::SeenSignature;

namespace {

const std::string kAbsent = "from:to:cc:subject:date:message-id:reply-to:mime-version:content-type:content-transfer-encoding";
const std::string kDomain = "example.org";
const std::map<std::string, PublicKey> kPublished = {{"r1._domainkey.example.org", rsa_key().public_key()},
                                                     {"e1._domainkey.example.org", ed25519_key().public_key()}};

std::string names_of(std::string_view header) { return SignedFields(header).names(); }

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  for (; count > 0; --count) all += text;
  return all;
}

Signer make_signer() {
  KeyRing ring;
  const Status added = ring.add({*proto::Domain::parse(kDomain), {{"e1", ed25519_key()}, {"r1", rsa_key()}}});
  REQUIRE(added.ok());
  ring.set_own(*proto::Domain::parse(kDomain));
  return Signer(std::move(ring));
}

struct Signed {
  std::string field;
  bool was_known = false;
};

Signed sign(Signer& signer, const Identity& identity, const SigningKey& key, const SignedFields& fields, const BodyDigest& body) {
  Signer::Draft draft = signer.draft(identity, key, fields, body);
  const bool was_known = draft.known.has_value();
  if (!was_known) {
    draft.known = *key.key.sign(draft.digest);
    signer.keep(draft.digest, *draft.known);
  }
  return {field_with_value(std::move(draft.field), *draft.known), was_known};
}

std::string signed_message(Signer& signer, const std::string& header, const std::string& body) {
  const Identity* identity = signer.ring().find(header);
  REQUIRE(identity);
  BodyHash hash(BodyForm::relaxed);
  hash.feed(body);
  const BodyDigest digest = hash.finish();
  std::string fields;
  for (const SigningKey& key : identity->keys) fields += sign(signer, *identity, key, SignedFields(header), digest).field;
  return fields + header + "\r\n" + body;
}

std::vector<SeenSignature> seen_on(const std::string& header, const std::string& body = "hello\r\n") {
  Signer signer = make_signer();
  return testing::verify_all(signed_message(signer, header, body), kPublished);
}

void check_all_good(const std::vector<SeenSignature>& all, std::size_t count = 2) {
  REQUIRE(all.size() == count);
  for (const SeenSignature& one : all) CHECK(one.is_good);
}

}  // namespace

TEST_CASE("dkim signature: the Ed25519 signature of RFC 8463 appendix A.3") {
  const std::string header =
      "From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\nSubject: Is dinner ready?\r\n"
      "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\nMessage-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";
  const std::string body = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
  BodyHash hash(BodyForm::relaxed);
  hash.feed(body);
  const Digest body_digest = hash.finish().octets;
  CHECK(proto::base64(std::string(body_digest.begin(), body_digest.end())) == "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
  CHECK(record_text(testing::rfc8463_key().public_key()) == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  std::string text;
  proto::HeaderReader reader(header);
  while (const auto field = reader.next()) text += relaxed_field(*field);
  const std::string own =
      "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n"
      " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n"
      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=\r\n";
  proto::HeaderReader own_reader(own);
  const std::string own_relaxed = relaxed_field(*own_reader.next());
  const Digest digest = sha256(text + own_relaxed.substr(0, own_relaxed.size() - 2));
  CHECK(proto::base64(*testing::rfc8463_key().sign(digest)) ==
        "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==");
}

TEST_CASE("dkim signature: RSA above Ed25519, each with its selector, and both are good") {
  const auto all = seen_on("From: a@example.org\r\nTo: b@example.net\r\nSubject: hi\r\n");
  check_all_good(all);
  CHECK(all[0].tags.at("a") == "rsa-sha256");
  CHECK(all[0].tags.at("s") == "r1");
  CHECK(all[1].tags.at("a") == "ed25519-sha256");
  CHECK(all[1].tags.at("s") == "e1");
}

TEST_CASE("dkim signature: the tags are these, in this order, and b= is the last, without blanks and without ';'") {
  for (const SeenSignature& one : seen_on("From: a@example.org\r\n")) {
    CHECK(one.order == std::vector<std::string>{"v", "a", "c", "d", "s", "h", "bh", "b"});
    CHECK(one.field.find("\r\n b=") != std::string::npos);
    CHECK(one.field.ends_with("=\r\n"));
    CHECK(one.field.find("= ") == std::string::npos);
    CHECK(one.field.find("=\r\n ") == std::string::npos);
    CHECK(one.tags.at("c") == "relaxed/relaxed");
  }
}

TEST_CASE("dkim signature: names A-labels") {
  KeyRing ring;
  REQUIRE(ring.add({*proto::Domain::parse("b\xc3\xbc\x63her.example"), {{"sch\xc3\xb6n", rsa_key()}}}).ok());
  Signer signer(std::move(ring));
  const std::string message = signed_message(signer, "From: a@b\xc3\xbc\x63her.example\r\n", "");
  const auto all = testing::verify_all(message, {{"xn--schn-7qa._domainkey.xn--bcher-kva.example", rsa_key().public_key()}});
  check_all_good(all, 1);
}

TEST_CASE("dkim signature: covers the fields that matter, the last of a name first, and a missing one more of most") {
  CHECK(names_of("") == kAbsent);
  CHECK(names_of("Received: x\r\nX-Other: y\r\nSender: z\r\nDKIM-Signature: v=1\r\n") == kAbsent);
  CHECK(names_of("FROM: a\r\nfrom: b\r\n") == "from:from:" + kAbsent);
  CHECK(names_of("References: a\r\nIn-Reply-To: b\r\nFeedback-ID: c\r\nList-Id: d\r\nList-Unsubscribe-Post: e\r\nList-Id: f\r\n") ==
        kAbsent + ":in-reply-to:references:feedback-id:list-id:list-unsubscribe-post:list-id");
  CHECK(names_of("List-a;b: c\r\nList-" + std::string(50, 'a') + ": d\r\n") == kAbsent);
}

TEST_CASE("dkim signature: any change to a field that is signed, or one more of it, makes it bad") {
  const std::string header =
      "From: a@example.org\r\nTo: b@example.net\r\nSubject: hi\r\nDate: today\r\nList-Id: <l.example.org>\r\nReferences: <1@x>\r\nTo: "
      "c@d\r\n";
  Signer signer = make_signer();
  const std::string good = signed_message(signer, header, "hello\r\n");
  check_all_good(testing::verify_all(good, kPublished));
  for (const std::string name : {"From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type"}) {
    CAPTURE(name);
    for (const SeenSignature& one : testing::verify_all(name + ": more\r\n" + good, kPublished)) CHECK_FALSE(one.is_good);
  }
  for (const std::string value : {"a@example.org", "b@example.net", "hi", "today", "<l.ex", "<1@x>", "c@d", "hello"}) {
    CAPTURE(value);
    std::string changed = good;
    changed[changed.rfind(value) + 1] ^= 1;
    for (const SeenSignature& one : testing::verify_all(changed, kPublished)) CHECK_FALSE(one.is_good);
  }
}

TEST_CASE("dkim signature: repeated fields are covered up to twenty of a name") {
  const std::string to = "To: x@example.net\r\n";
  CHECK(names_of(repeated(to, 20)) == "from:" + repeated("to:", 21) + kAbsent.substr(8));
  CHECK(names_of(repeated(to, 21)) == "from:" + repeated("to:", 20) + kAbsent.substr(8));
  for (const std::size_t count : {20, 21, 41, 10'000}) check_all_good(seen_on("From: a@example.org\r\n" + repeated(to, count)));
}

TEST_CASE("dkim signature: lines have fewer than 78 octets, and names and values are not broken") {
  const std::string header = "From: a@example.org\r\n" + repeated("List-Unsubscribe: <mailto:x@example.org>\r\n", 20);
  const auto all = seen_on(header);
  check_all_good(all);
  for (const SeenSignature& one : all) {
    std::string_view rest = one.field;
    while (!rest.empty()) {
      CHECK(rest.find("\r\n") < 78);
      rest.remove_prefix(rest.find("\r\n") + 2);
    }
  }
}

TEST_CASE("dkim signature: long domains and selectors stand in lines of their own") {
  const std::string domain = repeated(std::string(60, 'd') + ".", 3) + "example.org";
  const std::string selector = std::string(63, 's') + ".t";
  const std::string field = field_without_value({KeyKind::rsa, domain, selector, kAbsent, {}});
  CHECK(field.find("\r\n d=" + domain + ";\r\n s=" + selector + ";") != std::string::npos);
}

TEST_CASE("dkim signature: those of others stay, and are not covered") {
  const std::string other = "DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=x; h=from; bh=AA==;\r\n b=AA==\r\n";
  const auto all = seen_on(other + "From: a@example.org\r\n");
  REQUIRE(all.size() == 3);
  CHECK(all[0].is_good);
  CHECK(all[1].is_good);
  CHECK(all[2].field == other);
  CHECK(all[0].tags.at("h").find("dkim") == std::string::npos);
}

TEST_CASE("dkim signer: the same content is signed once, other content again") {
  Signer signer = make_signer();
  const std::string header = "From: a@example.org\r\n";
  const Identity& identity = *signer.ring().find(header);
  const auto sign = [&](std::string_view text, std::size_t key, const BodyDigest& body) {
    return ::sign(signer, identity, identity.keys[key], SignedFields(text), body);
  };
  const Signed first = sign(header, 0, {});
  CHECK_FALSE(first.was_known);
  CHECK(sign(header, 0, {}).was_known);
  CHECK(sign(header, 0, {}).field == first.field);
  CHECK_FALSE(sign(header, 1, {}).was_known);
  CHECK_FALSE(sign("From: b@example.org\r\n", 0, {}).was_known);
  CHECK_FALSE(sign(header, 0, {sha256("x")}).was_known);
  CHECK_FALSE(sign(header, 0, {{}, BodyForm::simple}).was_known);
}

TEST_CASE("dkim signer: the cache of signatures has a bound, and forgets the oldest") {
  SignatureCache cache;
  for (std::size_t i = 0; i <= SignatureCache::kMost; ++i) cache.keep(sha256(std::to_string(i)), std::to_string(i));
  CHECK_FALSE(cache.find(sha256("0")));
  CHECK(cache.find(sha256("1")) == "1");
  CHECK(cache.find(sha256(std::to_string(SignatureCache::kMost))) == std::to_string(SignatureCache::kMost));
}

TEST_CASE("dkim signature: what all signatures of a message have together is bounded, and not by much more") {
  std::string header = "From: a@example.org\r\n";
  for (const std::string name :
       {"From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "References",
        "Content-Transfer-Encoding", "In-Reply-To", "Feedback-ID", "List-", "List-34567890123456789012345678901234567890"})
    header += repeated(name + ": x\r\n", 25);
  Signer signer = make_signer();
  const std::size_t octets = signed_message(signer, header, "hello\r\n").size() - header.size() - sizeof("\r\nhello\r\n") + 1;
  CHECK(octets <= signer.most_octets());
  CHECK(octets >= signer.most_octets() / 3 * 2);
  CHECK(Signer(KeyRing()).most_octets() == 0);
}
