// Macros of SPF.
#include "mta/spf/macro.h"

#include <catch2/catch.hpp>
#include <utility>

#include "mta/spf/query_name.h"

namespace mxpress::testing {
namespace {

using namespace mta::spf;

MacroValues values(const std::string& client) {
  return {.sender = "jo-ann+list@mail.here.example",
          .local_part = "jo-ann+list",
          .sender_domain = "mail.here.example",
          .domain = "spf.there.example",
          .client = dns::Address::parse(client).value(),
          .helo = "out.here.example",
          .receiver = "mx.example",
          .now = WallTime(std::chrono::seconds(1700000000))};
}

}  // namespace

TEST_CASE("spf macro: letters, parts, reversal and delimiters") {
  const std::pair<const char*, const char*> rows[] = {
      {"%{s}", "jo-ann+list@mail.here.example"},
      {"%{l}/%{o}/%{d}/%{h}/%{p}", "jo-ann+list/mail.here.example/spf.there.example/out.here.example/unknown"},
      {"%{i}.%{v}", "192.0.2.3.in-addr"},
      {"%{ir}.%{v}.x", "3.2.0.192.in-addr.x"},
      {"%{d1}", "example"},
      {"%{d2}", "there.example"},
      {"%{d9}", "spf.there.example"},
      {"%{d99999999999999999999}", "spf.there.example"},
      {"%{dr}", "example.there.spf"},
      {"%{d1r}", "spf"},
      {"%{l-}", "jo.ann+list"},
      {"%{l1-}", "ann+list"},
      {"%{lr-+}", "list.ann.jo"},
      {"%{L}", "jo-ann%2Blist"},
      {"%%%_%-", "% %20"},
      {"%{c} %{r} %{t}", "192.0.2.3 mx.example 1700000000"},
  };
  for (const auto& [text, result] : rows) {
    INFO(text);
    CHECK(is_macro_string(text, MacroLetters::of_explanations));
    CHECK(expanded(text, values("192.0.2.3")) == result);
  }
}

TEST_CASE("spf macro: an IPv6 address is its nibbles, or its short form for people") {
  CHECK(expanded("%{i}", values("2001:db8::cb01")) == "2.0.0.1.0.D.B.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.C.B.0.1");
  CHECK(expanded("%{i2r}.%{v} %{c}", values("2001:db8::cb01")) == "0.2.ip6 2001:db8::cb01");
}

TEST_CASE("spf macro: malformed macros, and those that only explanations may have") {
  for (const char* text : {"%", "a%", "%a", "%{", "%{}", "%{d", "%{z}", "%{d0}", "%{dx}", "%{d2r:}", "%(d)", "\x80", "tab\there"}) {
    INFO(text);
    CHECK_FALSE(is_macro_string(text, MacroLetters::of_explanations));
  }
  for (const char* text : {"%{c}", "%{r}", "%{t}", "two words"}) {
    INFO(text);
    CHECK_FALSE(is_macro_string(text, MacroLetters::of_domains));
    CHECK(is_macro_string(text, MacroLetters::of_explanations));
  }
}

TEST_CASE("spf macro: what an expansion yields is bounded") {
  std::string text;
  for (int i = 0; i < 10000; ++i) text += "%{s}";
  CHECK(expanded(text, values("192.0.2.3")).size() == kMostExpanded);
}

TEST_CASE("spf query name: lower case, without the last dot, odd octets escaped as the DNS code does") {
  CHECK(query_name("Here.Example.") == "here.example");
  CHECK(query_name("a b\\c\"\xff.example") == "a\\032b\\092c\\034\\255.example");
  CHECK_FALSE(query_name(""));
  CHECK_FALSE(query_name("."));
  CHECK_FALSE(query_name("a..example"));
  CHECK_FALSE(query_name(".example"));
  CHECK_FALSE(query_name(std::string(64, 'a') + ".example"));
  CHECK(query_name(std::string(63, 'a') + ".example"));
}

TEST_CASE("spf query name: labels are left away until 253 octets remain") {
  std::string name = "end.example";
  while (name.size() <= 260) name = "label." + name;
  const std::string cut = query_name(name).value();
  CHECK(cut.size() <= 253);
  CHECK(cut.size() > 247);
  CHECK(name.ends_with("." + cut));
}

}  // namespace mxpress::testing
