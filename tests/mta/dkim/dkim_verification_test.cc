// Signatures of received messages: what is valid, and the reason if one is not.
#include "mta/dkim/verification.h"

#include <catch2/catch.hpp>
#include <string>

#include "mta/dkim/key_record.h"
#include "mta/dkim/signature.h"
#include "proto/header.h"
#include "tests/support/dkim_keys.h"

using namespace mxpress;
using namespace mxpress::mta::dkim;
using mxpress::testing::ed25519_key;
using mxpress::testing::rsa_key;

namespace {

const WallTime kNow{std::chrono::seconds(1'800'000'000)};
const std::string kHeader = "Received: from a by b; x\r\nFrom: me@example.org\r\nTo: you@there.example\r\nSubject: one  and\r\n two\r\n";
const std::string kBody = "hello  \r\nworld\r\n\r\n";

Digest body_digest(BodyForm form, const std::string& body = kBody) {
  BodyHash hash(form);
  hash.feed(body);
  return hash.finish().octets;
}

std::string record_of(const Key& key) { return record_text(key.public_key()); }

// A field for kHeader and kBody. `form`: of the body; that of the header is relaxed.
std::string signed_by(const Key& key, BodyForm form = BodyForm::relaxed) {
  const SignedFields fields(kHeader);
  const std::string field = field_without_value({key.kind(), "example.org", "s1", fields.names(), {body_digest(form), form}});
  return field_with_value(field, *key.sign(digest_to_sign(fields, field)));
}

std::string verdict(const std::string& message, const std::vector<std::string>& records) {
  const proto::MessageParts parts = proto::split_message(message);
  const auto signatures = signatures_in(parts.header, kNow);
  if (signatures.empty()) return "no signature";
  BodyHashes body;
  for (const char c : parts.body) body.feed({&c, 1});
  return why_invalid(signatures.front(), body.finish(), records);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// A field that needs no value, for what is decided before.
std::string with_tags(const std::string& tags) { return "DKIM-Signature: " + tags + "\r\n" + kHeader + "\r\n" + kBody; }

}  // namespace

TEST_CASE("dkim verification: a signature of either kind and form is valid, and its tags are told") {
  for (const Key* const key : {&rsa_key(), &ed25519_key()})
    for (const BodyForm form : {BodyForm::simple, BodyForm::relaxed}) {
      const std::string message = signed_by(*key, form) + kHeader + "\r\n" + kBody;
      CHECK(verdict(message, {record_of(*key)}).empty());
      const auto all = signatures_in(proto::split_message(message).header, kNow);
      REQUIRE(all.size() == 1);
      CHECK(all[0].domain == "example.org");
      CHECK(all[0].selector == "s1");
      CHECK(all[0].body_form == form);
    }
}

TEST_CASE("dkim verification: the message of RFC 8463 appendix A, with its signature") {
  const std::string message =
      "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n"
      " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n"
      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
      " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
      "From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\nSubject: Is dinner ready?\r\n"
      "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\nMessage-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n"
      "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
  const std::string record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
  CHECK(verdict(message, {record}).empty());
  CHECK(verdict(replaced(message, "dinner", "lunch"), {record}) == "a signed field has been changed, or another key has signed");
}

TEST_CASE("dkim verification: what has changed is told") {
  const std::string message = signed_by(rsa_key()) + kHeader + "\r\n" + kBody;
  const std::vector<std::string> records = {record_of(rsa_key())};
  const std::string field_changed = "a signed field has been changed, or another key has signed";
  CHECK(verdict(replaced(message, "world", "World"), records) == "the body has been changed");
  CHECK(verdict(message + "more\r\n", records) == "the body has been changed");
  CHECK(verdict(replaced(message, "To: you", "To: him"), records) == field_changed);
  CHECK(verdict(replaced(message, "\r\nTo:", "\r\nFrom: other@example.org\r\nTo:"), records) == field_changed);
  CHECK(verdict(replaced(message, "\r\nTo:", "\r\nX-Other: yes\r\nTo:"), records).empty());
  CHECK(verdict(replaced(message, "one  and\r\n two", "one and two"), records).empty());
  CHECK(verdict(message, {record_of(ed25519_key())}) == "the record is for another kind of key (k=ed25519, not rsa)");
}

TEST_CASE("dkim verification: without a single record with a key there is no verdict but this") {
  const std::string message = signed_by(ed25519_key()) + kHeader + "\r\n" + kBody;
  CHECK(verdict(message, {}) == "there is no record");
  CHECK(verdict(message, {"v=DKIM1; k=ed25519; p="}) == "the record says that the key is revoked (an empty p=)");
  CHECK_THAT(verdict(message, {"a", "b"}), Catch::StartsWith("there are 2 TXT records"));
  CHECK_FALSE(verdict(message, {"v=DKIM1; k=ed25519; p=AAAA"}).empty());
  CHECK_FALSE(verdict(signed_by(rsa_key()) + kHeader + "\r\n" + kBody, {"v=DKIM1; p=AAAA"}).empty());
}

TEST_CASE("dkim verification: a field that no verifier may accept, and the reason") {
  const std::string good = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1; h=from; bh=" + std::string(43, 'A') + "=; b=AAAA";
  CHECK(verdict(with_tags(good), {record_of(rsa_key())}) == "the body has been changed");
  const auto with = [&](const std::string& from, const std::string& to) { return verdict(with_tags(replaced(good, from, to)), {}); };
  CHECK(with("v=1", "v=2") == "it is of another version (v=)");
  CHECK(with("rsa-sha256", "rsa-sha1") == "it uses SHA-1, which counts as no signature (RFC 8301)");
  CHECK(with("rsa-sha256", "dsa") == "its algorithm (a=) is not known");
  CHECK(with("relaxed/relaxed", "nowsp") == "its form (c=) is not known");
  CHECK(with("h=from", "h=to:subject") == "it does not cover From (h=)");
  CHECK(with("h=from", "h=from; x=1799999999") == "it has expired (x=)");
  CHECK(with("h=from", "h=from; i=@example.net") == "its identity (i=) is not of its domain (d=)");
  CHECK_THAT(with("h=from", "h=from; l=5"), Catch::StartsWith("it covers the beginning of the body alone"));
  CHECK(with("b=AAAA", "b=*") == "its value (b=) or its hash of the body (bh=) is no base64");
  CHECK(with(" s=s1;", "") == "it has no tag s=");
  CHECK(with("h=from", "h=from; x") == "it is no list of tags");
  CHECK(with("h=from", "h=from; x=1800000001; i=me@sub.example.org") == "there is no record");
  std::string names = "h=from";
  for (int i = 0; i < 1001; ++i) names += ":a";
  CHECK(with("h=from", names) == "it names over 1,000 fields (h=)");
}

TEST_CASE("dkim verification: of many signatures the topmost are looked at, and none takes a field that is not a signature") {
  std::string header;
  for (int i = 0; i < 9; ++i) header += "DKIM-Signature: v=1; d=d" + std::to_string(i) + ".example\r\n";
  const auto all = signatures_in(header + kHeader, kNow);
  REQUIRE(all.size() == kMostSignatures);
  CHECK(all[0].domain == "d0.example");
  CHECK(signatures_in(kHeader + "X-DKIM-Signature: v=1\r\n", kNow).empty());
}
