// SPF records as terms.
#include "mta/spf/record.h"

#include <catch2/catch.hpp>

namespace mxpress::testing {

using namespace mta::spf;

TEST_CASE("spf record: only records that begin with the version are records of SPF") {
  CHECK(records_of({"v=spf1 -all", "V=SPF1", "v=spf10 -all", "v=spf1;-all", "v=spf1\t-all", "spf2.0/pra", "google-site-verification=x"}) ==
        std::vector<std::string>{"v=spf1 -all", "V=SPF1"});
}

TEST_CASE("spf record: the parts of a term") {
  const auto terms = terms_of("v=spf1  -A:web.here.example/24//64 ?mx//48 ip6:2001:db8::/32 ptr Redirect=%{d1r}.x.example note=any=thing ");
  REQUIRE(terms.size() == 6);
  CHECK(error_of(terms).empty());
  CHECK((terms[0].kind == TermKind::a && terms[0].qualifier == '-' && terms[0].target == "web.here.example"));
  CHECK((terms[0].prefix_v4 == 24 && terms[0].prefix_v6 == 64));
  CHECK((terms[1].kind == TermKind::mx && terms[1].qualifier == '?' && terms[1].prefix_v4 == 32 && terms[1].prefix_v6 == 48));
  CHECK((terms[2].kind == TermKind::ip6 && terms[2].network.to_string() == "2001:db8::" && terms[2].prefix_v6 == 32));
  CHECK((terms[3].kind == TermKind::ptr && terms[3].target.empty()));
  CHECK((terms[4].kind == TermKind::redirect && terms[4].target == "%{d1r}.x.example"));
  CHECK(terms[5].kind == TermKind::other_modifier);
}

TEST_CASE("spf record: what receivers take for an error is one, with the reason") {
  struct Row {
    const char* term;
    const char* why;
  };
  const Row rows[] = {
      {"ipv4:192.0.2.1", "no mechanism"},
      {"redirect:there.example", "no mechanism"},
      {"all:x", "behind \"all\""},
      {"all/8", "behind \"all\""},
      {"include", "names no domain"},
      {"include:", "names no domain"},
      {"exists", "names no domain"},
      {"include:there.example/24", "top-level domain"},
      {"ptr/24", "cannot have"},
      {"a:localhost", "top-level domain"},
      {"a:localhost.", "top-level domain"},
      {"a:host.123", "top-level domain"},
      {"a:host.-example", "top-level domain"},
      {"a:192.0.2.1", "write ip4:"},
      {"a/33", "from 0 to 32"},
      {"mx//129", "from 0 to 128"},
      {"a/024", "from 0 to 32"},
      {"a/24/64", "from 0 to 32"},
      {"a/wide", "no number"},
      {"a:%{x}.there.example", "macro"},
      {"a:%(d).there.example", "macro"},
      {"a:%{d0}.there.example", "macro"},
      {"a:%{c}.there.example", "macro"},
      {"a:there\x01.example", "characters"},
      {"ip4", "names no address"},
      {"ip4:192.0.2", "no IPv4 address"},
      {"ip4:2001:db8::1", "no IPv4 address"},
      {"ip4:192.0.2.0//24", "no IPv4 address"},
      {"ip4:192.0.2.0/33", "from 0 to 32"},
      {"ip6:192.0.2.1", "no IPv6 address"},
      {"-redirect=there.example", "name"},
      {"2nd=x", "name"},
      {"=x", "name"},
      {"exp=", "names no domain"},
      {"note=100%", "macro"},
      {"\xc3\xa4ll", "no mechanism"},
  };
  for (const Row& row : rows) {
    INFO(row.term);
    CHECK_THAT(error_of(terms_of("v=spf1 -all " + std::string(row.term))), Catch::Contains(row.why));
  }
  CHECK_THAT(error_of(terms_of("v=spf1 redirect=a.example redirect=b.example")), Catch::Contains("more than once"));
  CHECK_THAT(error_of(terms_of("v=spf1 exp=a.example -all EXP=a.example")), Catch::Contains("more than once"));
}

TEST_CASE("spf record: what is odd but allowed is no error") {
  for (const char* term :
       {"a:_spf.here.example", "a:x.xn--p1ai", "exists:%{i}.%{v}.arpa", "a:a/b:c.here.example", "a/0", "mx/0//0", "MX:Here.Example.",
        "include:%{d2}", "ip4:192.0.2.77/24", "ip6:::ffff:192.0.2.1", "+all", "moo.x-y_z=", "unknown=%{c}%{r}%{t}"}) {
    INFO(term);
    CHECK(error_of(terms_of("v=spf1 " + std::string(term))).empty());
  }
}

TEST_CASE("spf record: terms that need the DNS are known as such") {
  int count = 0;
  for (const Term& term :
       terms_of("v=spf1 include:a.example a mx ptr exists:a.example redirect=a.example ip4:192.0.2.1 ip6:::1 exp=a.example x=y all"))
    count += term.asks_dns() ? 1 : 0;
  CHECK(count == 6);
}

}  // namespace mxpress::testing
