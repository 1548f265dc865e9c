// Policies of TLS as values.
#include "mta/net/tls_policy.h"

#include <catch2/catch.hpp>

#include "mta/net/tls_result.h"
#include "mta/net/trust_anchors.h"
#include "tests/support/certificates.h"

namespace mxpress::testing {
namespace {

using namespace mta::net;

ReferenceName name(std::string_view text) { return ReferenceName::parse(text).value(); }
MxPattern pattern(std::string_view text) { return MxPattern::parse(text).value(); }

const std::string kDigest(32, '\x11');

TEST_CASE("tls policy: two are equal, and so are hash and text, exactly when they demand the same, whoever does") {
  const auto anchors = trusted_authority();
  const std::vector<TlsPolicy> different{
      TlsPolicy::none(),
      TlsPolicy::may(),
      TlsPolicy::encrypt("a"),
      TlsPolicy::verify({}, "a"),
      TlsPolicy::verify({name("mx.a.example")}, "a"),
      TlsPolicy::verify({name("mx.b.example")}, "a"),
      TlsPolicy::verify({name("mx.a.example"), name("mx.b.example")}, "a"),
      TlsPolicy::verify({name("mx.a.example")}, "a", anchors),
      TlsPolicy::dane({{3, 1, 1, kDigest}}, "a"),
      TlsPolicy::dane({{2, 1, 1, kDigest}}, "a"),
      TlsPolicy::dane({{3, 0, 1, kDigest}}, "a"),
      TlsPolicy::dane({{3, 1, 1, kDigest}}, "a", {"mx.a.example", {}}),
      TlsPolicy::dane({{3, 1, 1, kDigest}}, "a", {"mx.b.example", {}}),
      TlsPolicy::dane({{2, 1, 1, kDigest}}, "a", {"mx.a.example", {"a.example"}}),
      TlsPolicy::dane({{2, 1, 1, kDigest}}, "a", {"mx.a.example", {"b.example"}}),
      TlsPolicy::dane({}, "a"),
      TlsPolicy::unknown_dane("SERVFAIL", "a"),
      TlsPolicy::sts({pattern("mx.a.example")}, StsMode::enforce, "a"),
      TlsPolicy::sts({pattern("*.a.example")}, StsMode::enforce, "a"),
      TlsPolicy::sts({pattern("mx.a.example")}, StsMode::testing, "a"),
  };
  for (std::size_t i = 0; i < different.size(); ++i)
    for (std::size_t j = 0; j < different.size(); ++j) {
      CAPTURE(different[i].text(), different[j].text());
      CHECK((different[i] == different[j]) == (i == j));
      CHECK((different[i].text() == different[j].text()) == (i == j));
    }
  const auto ab = TlsPolicy::verify({name("mx.a.example"), name("MX.B.example.")}, "[delivery] tls");
  const auto ba = TlsPolicy::verify({name("mx.b.example"), name("mx.a.example"), name("mx.a.example")}, "MTA-STS");
  CHECK(ab == ba);
  CHECK(ab.hash() == ba.hash());
  CHECK(ab.source() == "[delivery] tls");
  CHECK(TlsPolicy::verify({name("mx.a.example")}, "b", trusted_authority()) == different[7]);
}

TEST_CASE("tls policy: the text is the same in each version and has no space") {
  CHECK(TlsPolicy().text() == "may");
  CHECK(TlsPolicy::may("[delivery] tls").text() == "may");
  CHECK(TlsPolicy::none("[delivery] tls").text() == "none");
  CHECK(TlsPolicy::encrypt("x").text() == "encrypt");
  CHECK(TlsPolicy::verify({name("mx.b.example"), name("[2001:db8::1]")}, "x").text() == "verify=2001:db8::1,mx.b.example");
  CHECK(TlsPolicy::dane({{3, 1, 1, "\x01\xab"}}, "x").text() == "dane=3-1-1-01ab");
  CHECK(TlsPolicy::sts({pattern("*.a.example")}, StsMode::testing, "x").text() == "sts-testing=*.a.example");
}

TEST_CASE("tls policy: which levels are enough for mail") {
  struct Row {
    TlsPolicy policy;
    bool clear, encrypted;
  };
  const Row rows[] = {
      {TlsPolicy::none(), true, true},
      {TlsPolicy::may(), true, true},
      {TlsPolicy::encrypt("x"), false, true},
      {TlsPolicy::verify({name("mx.a.example")}, "x"), false, false},
      {TlsPolicy::verify({}, "x"), false, false},
      {TlsPolicy::dane({{3, 1, 1, kDigest}}, "x"), false, false},
      {TlsPolicy::dane({}, "x"), false, false},
      {TlsPolicy::unknown_dane("SERVFAIL", "x"), false, false},
      {TlsPolicy::dane({{1, 1, 1, kDigest}, {3, 1, 9, kDigest}, {3, 1, 1, "short"}}, "x"), false, true},  // RFC 7672 2.2
      {TlsPolicy::dane({{1, 1, 1, kDigest}, {3, 1, 1, kDigest}}, "x"), false, false},
      {TlsPolicy::sts({pattern("*.a.example")}, StsMode::enforce, "x"), false, false},
      {TlsPolicy::sts({pattern("*.a.example")}, StsMode::testing, "x"), true, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.policy.text());
    CHECK(is_enough(row.policy, TlsLevel::clear) == row.clear);
    CHECK(is_enough(row.policy, TlsLevel::encrypted) == row.encrypted);
    CHECK(is_enough(row.policy, TlsLevel::verified));
  }
}

TEST_CASE("mx pattern: a wildcard stands for exactly one label at the left") {
  struct Row {
    std::string pattern, host;
    bool matches;
  };
  const Row rows[] = {{"mx.a.example", "MX.A.example.", true},
                      {"mx.a.example", "mx2.a.example", false},
                      {"*.a.example", "mx.a.example", true},
                      {"*.a.example", "a.example", false},
                      {"*.a.example", "b.mx.a.example", false},
                      {"*.a.example", "mx.ba.example", false},
                      {"*.\u00e4.example", "mx.xn--4ca.example", true},
                      {"*.a.example", "192.0.2.1", false}};
  for (const Row& row : rows) {
    CAPTURE(row.pattern, row.host);
    CHECK(pattern(row.pattern).matches(row.host) == row.matches);
  }
  for (const char* wrong : {"", "*", "mx*.a.example", "a.*.example", "*.*.example", "[192.0.2.1]"}) {
    CAPTURE(wrong);
    CHECK_FALSE(MxPattern::parse(wrong).ok());
  }
}

TEST_CASE("reference name: names are A-labels, addresses are told apart, and wildcards and dots in front are refused") {
  CHECK(name("M\u00fcller.example").text() == "xn--mller-kva.example");
  CHECK_FALSE(name("mx.a.example").is_address());
  CHECK(name("[IPv6:2001:db8::1]") == name("2001:db8::1"));
  CHECK(name("[192.0.2.1]").is_address());
  CHECK(name("192.0.2.1").text() == "192.0.2.1");
  for (const char* wrong : {"", ".a.example", "*.a.example", "a b", "a.example\n", "[a.example]"}) {
    CAPTURE(wrong);
    CHECK_FALSE(ReferenceName::parse(wrong).ok());
  }
}

TEST_CASE("trust anchors: a file without a certificate, or with a damaged one, is refused") {
  const std::string pem = authority_pem();
  CHECK(TrustAnchors::parse(pem).ok());
  CHECK(TrustAnchors::parse(pem).value()->digest() == TrustAnchors::parse("comment\n" + pem + pem).value()->digest());
  CHECK(TrustAnchors::parse("").error().message == "there is no certificate");
  CHECK(TrustAnchors::parse(pem + pem.substr(0, pem.size() / 2)).error().message == "a certificate is damaged");
  CHECK(TrustAnchors::load("/nonexistent/ca.pem").error().message == "cannot read /nonexistent/ca.pem: No such file or directory");
}

}  // namespace
}  // namespace mxpress::testing
