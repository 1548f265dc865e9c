// The DNS record of a key, compared with the key.
#include "mta/dkim/published.h"

#include <catch2/catch.hpp>

#include "mta/dkim/key_record.h"
#include "proto/encoding.h"
#include "tests/support/dkim_keys.h"

namespace mxpress::testing {
namespace {

using mta::dkim::check_record;
using mta::dkim::PublicKey;
using mta::dkim::record_text;

std::string p_of(const PublicKey& key) { return proto::base64(key.octets); }

struct Row {
  std::string text;
  bool matches;
  std::string why;  // a part of it
};

}  // namespace

TEST_CASE("published: a record matches if verifiers accept what the key signs, in every form of RFC 6376") {
  const PublicKey rsa = rsa_key().public_key();
  const std::string p = p_of(rsa);
  const std::string half = p.substr(0, 100), rest = p.substr(100);
  const std::vector<Row> rows = {
      {record_text(rsa), true, ""},
      {"p=" + p, true, "does not begin with v=DKIM1"},
      {"v=DKIM1;k=rsa;p=" + p, true, ""},
      {" v = DKIM1 ; k = rsa ; p = " + half + "\t " + rest + " ; ", true, "blank"},
      {"v=DKIM1; h=sha1:sha256; s=*:email; n=a note; p=" + p, true, "some verifiers refuse"},
      {"v=DKIM1; t=y:s; p=" + p, true, "t=y"},
      {"v=DKIM1; k=rsa; p=", false, "revoked"},
      {"v=DKIM1; k=rsa", false, "no key"},
      {"v=DKIM1; k=ed25519; p=" + p, false, "another kind"},
      {record_text(ed25519_key().public_key()), false, "another kind"},
      {"v=DKIM2; p=" + p, false, "another version"},
      {"v=DKIM1; h=sha1; p=" + p, false, "sha256"},
      {"v=DKIM1; s=tlsrpt; p=" + p, false, "not for mail"},
      {"v=DKIM1; p=" + half, false, ""},
      {"v=DKIM1; p=%%%", false, "no base64"},
      {"hello world", false, "no list of tags"},
      {"", false, "no key"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto check = check_record({row.text}, rsa);
    CHECK(check.matches == row.matches);
    CHECK_THAT(check.why, Catch::Contains(row.why));
    if (row.why.empty() && row.matches) CHECK(check.why.empty());
  }
}

TEST_CASE("published: no record, and several, do not match") {
  const PublicKey key = ed25519_key().public_key();
  CHECK(check_record({record_text(key)}, key).matches);
  CHECK_FALSE(check_record({}, key).matches);
  CHECK_FALSE(check_record({record_text(key), "v=spf1 -all"}, key).matches);
  CHECK_THAT(check_record({record_text(key), record_text(key)}, key).why, Catch::Contains("2 TXT records"));
  CHECK_THAT(check_record({record_text(rfc8463_key().public_key())}, key).why, Catch::Contains("another key"));
}

}  // namespace mxpress::testing
