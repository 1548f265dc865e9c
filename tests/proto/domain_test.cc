// Tests of domains.
#include "proto/domain.h"

#include <catch2/catch.hpp>

using mxpress::proto::Domain;

TEST_CASE("domain: equal names in different writing become the same text") {
  const std::pair<const char*, const char*> cases[] = {
      {"Example.ORG", "example.org"},
      {"example.org.", "example.org"},
      {"localhost", "localhost"},
      {"_dmarc.example.org", "_dmarc.example.org"},
      {"b\xC3\xBC"
       "cher.Example",
       "xn--bcher-kva.example"},
      {"B\xC3\x9C"
       "CHER.example",
       "xn--bcher-kva.example"},
      {"stra\xC3\x9F"
       "e.example",
       "xn--strae-oqa.example"},
      {"_25._tcp.MX--1.b\xC3\xBC"
       "cher.example",
       "_25._tcp.mx--1.xn--bcher-kva.example"},
      {"b\xC3\xBC"
       "cher\xE3\x80\x82"
       "example.",
       "xn--bcher-kva.example"},
      {"mx--1.example", "mx--1.example"},
      {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
      {"[192.0.2.1]", "[192.0.2.1]"},
      {"[IPv6:2001:DB8:0::1]", "[ipv6:2001:db8::1]"},
      {"[IPV6:::FFFF:192.0.2.1]", "[ipv6:::ffff:192.0.2.1]"},
      {"3com.com", "3com.com"},
  };
  for (const auto& [given, canonical] : cases) {
    CAPTURE(given);
    const auto domain = Domain::parse(given);
    REQUIRE(domain.ok());
    CHECK(domain->text() == canonical);
  }
}

TEST_CASE("domain: what is neither a host name nor an address literal is refused") {
  const std::string long_label(64, 'a');
  for (const std::string& text : {std::string(),
                                  std::string("."),
                                  std::string(".."),
                                  std::string("a..b"),
                                  std::string(".a"),
                                  std::string("a.."),
                                  std::string("-a.org"),
                                  std::string("a-.org"),
                                  std::string("a b.org"),
                                  std::string("a@b.org"),
                                  std::string("192.0.2.1"),
                                  std::string("1"),
                                  std::string("256.256.256.256"),
                                  std::string("[192.0.2.1"),
                                  std::string("[192.0.2]"),
                                  std::string("[300.0.2.1]"),
                                  std::string("[]"),
                                  std::string("[2001:db8::1]"),
                                  std::string("[IPv6:]"),
                                  std::string("[IPv6:zz]"),
                                  std::string("[IPv6:fe80::1%lo]"),
                                  std::string("[x:y]"),
                                  std::string("a\0b.org", 7),
                                  std::string("[127.0.0.1\0]", 12),
                                  std::string("\xFF.org"),
                                  std::string("a\r\nb"),
                                  std::string("a\tb"),
                                  std::string("a<b"),
                                  long_label + ".org",
                                  std::string(5000, 'a')}) {
    CAPTURE(text);
    CHECK_FALSE(Domain::parse(text).ok());
  }
}

TEST_CASE("domain: 255 octets are accepted, 256 are not") {
  std::string name;
  for (int i = 0; i < 4; ++i) name += std::string(63, 'a') + ".";
  name.pop_back();
  REQUIRE(name.size() == 255);
  CHECK(Domain::parse(name).ok());
  CHECK(Domain::parse(name + ".").ok());
  CHECK_FALSE(Domain::parse("a." + name.substr(1)).ok());
}

TEST_CASE("domain: the longest labels outside ASCII are accepted, composed or not") {
  const auto repeated = [](std::string_view character, std::size_t times) {
    std::string text;
    while (times-- > 0) text += character;
    return text;
  };
  const auto a_label = [&](std::string_view character, std::size_t times) {
    const auto domain = Domain::parse(repeated(character, times));
    return domain ? domain->text() : std::string();
  };
  const std::string composed = a_label("\xEA\xB0\x81", 56);  // U+AC01
  CHECK(composed.size() == 63);
  CHECK(composed == a_label("\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8", 56));
  CHECK(a_label("\xF0\xA0\x80\x80", 56).size() == 63);  // U+20000
  CHECK(a_label("\xEA\xB0\x81", 57).empty());
  const std::string four = repeated("\xF0\xA0\x80\x80", 56);
  const auto whole = Domain::parse(four + "." + four + "." + four + "." + four);
  REQUIRE(whole.ok());
  CHECK(whole->text().size() == 255);
}

TEST_CASE("domain: each dot that IDNA knows separates labels") {
  for (const char* dot : {".", "\xE3\x80\x82", "\xEF\xBC\x8E", "\xEF\xBD\xA1"}) {
    const std::string name = std::string("b\xC3\xBC") + dot + "example" + dot + "org" + dot;
    REQUIRE(Domain::parse(name).ok());
    CHECK(Domain::parse(name)->text() == "xn--b-eha.example.org");
    CHECK_FALSE(Domain::parse(name + dot).ok());
  }
}

TEST_CASE("domain: a literal gives its bare address, a name gives none") {
  CHECK(Domain::parse("[192.0.2.1]")->address() == "192.0.2.1");
  CHECK(Domain::parse("[IPv6:2001:db8::1]")->address() == "2001:db8::1");
  CHECK(Domain::parse("example.org")->address().empty());
}

TEST_CASE("domain: a single label is not fully qualified") {
  CHECK_FALSE(Domain::parse("mail")->is_fully_qualified());
  CHECK(Domain::parse("mail.example")->is_fully_qualified());
  CHECK(Domain::parse("[192.0.2.1]")->is_fully_qualified());
}
