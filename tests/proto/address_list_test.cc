// Tests of address lists.
#include "proto/address_list.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;
using List = std::vector<std::string>;

namespace {

List in_header(std::string_view header) {
  List all;
  for (const AddressList& list : recipients_of_header(header)) all.insert(all.end(), list.addresses.begin(), list.addresses.end());
  return all;
}

}  // namespace

TEST_CASE("address list: every form of RFC 5322 gives its addr-specs") {
  const std::pair<const char*, List> cases[] = {
      {"", {}},
      {"a@b.example", {"a@b.example"}},
      {"root", {"root"}},
      {" a@b.example , c@d.example ", {"a@b.example", "c@d.example"}},
      {"John Doe <john@b.example>", {"john@b.example"}},
      {"\"Doe, John\" <john@b.example>, x@y.example", {"john@b.example", "x@y.example"}},
      {"\"a \\\" , b\" <j@b.example>", {"j@b.example"}},
      {"=?utf-8?Q?J=C3=BCrgen=2C_X?= <j@b.example>", {"j@b.example"}},
      {"J\xC3\xBCrgen <j@b.example>", {"j@b.example"}},
      {"Friends: a@b.example, \"X\" <c@d.example>;, e@f.example", {"a@b.example", "c@d.example", "e@f.example"}},
      {"undisclosed-recipients:;", {}},
      {"undisclosed-recipients:", {}},
      {"A Group:Ed Jones <joe@where.test>,joe@where.test,John <jdoe@one.test>;", {"joe@where.test", "joe@where.test", "jdoe@one.test"}},
      {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", {"pete@silly.test"}},
      {"a@b.example (comment (nested, deep) here)", {"a@b.example"}},
      {"(first) a@b.example", {"a@b.example"}},
      {"<@x.example,@y.example:a@b.example>", {"a@b.example"}},
      {"Mary <@node.test:mary@example.net>, , jdoe@test   . example", {"mary@example.net", "jdoe@test.example"}},
      {"john . doe @ b . example", {"john.doe@b.example"}},
      {"\"odd, user\"@b.example", {"\"odd, user\"@b.example"}},
      {"\"x@y\" <a@b.example>", {"a@b.example"}},
      {"<\"a>b\"@c.example>", {"\"a>b\"@c.example"}},
      {"a@[192.0.2.1], b@[IPv6:2001:db8::1]", {"a@[192.0.2.1]", "b@[IPv6:2001:db8::1]"}},
      {"a@b.example,\r\n c@d.example,\r\n\tE <e@f.example>", {"a@b.example", "c@d.example", "e@f.example"}},
      {"\"folded\r\n name\" <a@b.example>", {"a@b.example"}},
      {"J. R. Doe <a@b.example>", {"a@b.example"}},
      {",,,", {}},
      {"<>", {}},
      {"a@b.example;c@d.example", {"a@b.example", "c@d.example"}},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    const auto list = parse_address_list(text);
    REQUIRE(list.ok());
    CHECK(*list == expected);
  }
}

TEST_CASE("address list: two words never become one address") {
  CHECK(*parse_address_list("a b@c.example") == List{"a b@c.example"});
  CHECK(*parse_address_list("<a b@c.example>") == List{"a b@c.example"});
  CHECK(*parse_address_list("a(x)b@c.example") == List{"a b@c.example"});
}

TEST_CASE("address list: what is left open or misplaced is an error") {
  for (const char* text : {"\"a@b.example", "(a@b.example", "((a) a@b.example", "<a@b.example", "a@b.example>",
                           "<a@b.example><c@d.example>", "<<a@b>>", "a@[192.0.2.1", "<@x.example>", "<@:a@b.example>", "\"a\\", "(\\",
                           // Others read only the first address, or both.
                           "Boss <a@b.example>:c@d.example", "<a@b.example> :;, c@d.example", "<a@b.example>\r\n :c@d.example;",
                           "<a@b.example> c@d.example", "<a@b.example>c@d.example", "<a@b.example> \"c\"@d.example"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_address_list(text).ok());
  }
}

TEST_CASE("address list: words behind an angle bracket that are no address are left out") {
  CHECK(*parse_address_list("<a@b.example> (you), Bob <b@b.example> Bob, <c@b.example>") ==
        List{"a@b.example", "b@b.example", "c@b.example"});
}

TEST_CASE("address list: deep comments and ten thousand addresses are read") {
  CHECK(*parse_address_list(std::string(100000, '(') + std::string(100000, ')') + "a@b.example") == List{"a@b.example"});
  std::string many;
  for (int i = 0; i < 10000; ++i) many += "u" + std::to_string(i) + "@b.example,\r\n ";
  CHECK(parse_address_list(many)->size() == 10000);
}

TEST_CASE("address list: recipients come from To, Cc and Bcc in any case") {
  CHECK(in_header(
            "TO: a@b.example\r\nSubject: x@y.example\r\ncc: c@d.example,\r\n e@f.example\r\nBcc: g@h.example\r\nFrom: z@z.example\r\n") ==
        List{"a@b.example", "c@d.example", "e@f.example", "g@h.example"});
  CHECK(in_header("Subject: none\r\n").empty());
}

TEST_CASE("address list: a resent message goes to its Resent- recipients only") {
  CHECK(in_header("To: a@b.example\r\nResent-To: c@d.example\r\nResent-From: x@y.example\r\nresent-bcc: e@f.example\r\n") ==
        List{"c@d.example", "e@f.example"});
}

TEST_CASE("address list: what stands in front of an address that cannot be read is read, and the rest is told") {
  const struct {
    const char* text;
    List addresses;
    const char* unreadable;
  } cases[] = {
      {"a@b.example, c@d.example", {"a@b.example", "c@d.example"}, ""},
      {"a@b.example, \"open c@d.example", {"a@b.example"}, "\"open c@d.example"},
      {"a@b.example,\r\n <c@d.example, e@f.example", {"a@b.example"}, "<c@d.example, e@f.example"},
      {"a@b.example, c@d.example> , e@f.example", {"a@b.example"}, "c@d.example> , e@f.example"},
      {"(open", {}, "(open"},
      {"g: a@b.example, [c; d@e.example", {"a@b.example"}, "[c; d@e.example"},
  };
  for (const auto& [text, addresses, unreadable] : cases) {
    CAPTURE(text);
    const AddressList list = read_address_list(text);
    CHECK(list.addresses == addresses);
    CHECK(list.unreadable == unreadable);
  }
}

TEST_CASE("address list: a lone local part gets the domain where it ends, everything else keeps its bytes") {
  const Domain domain = Domain::parse("mx.example").value();
  const std::pair<const char*, const char*> cases[] = {
      {" root", " root@mx.example"},
      {" root (Cron Daemon)", " root@mx.example (Cron Daemon)"},
      {"(Cron Daemon) root ", "(Cron Daemon) root@mx.example "},
      {"\"(Cron Daemon)\" <root>", "\"(Cron Daemon)\" <root@mx.example>"},
      {"Root < root >", "Root < root@mx.example >"},
      {"a, b@c.example ,\r\n\td", "a@mx.example, b@c.example ,\r\n\td@mx.example"},
      {"\"odd user\", \"at@home\"", "\"odd user\"@mx.example, \"at@home\"@mx.example"},
      {"Admins: root, x <y>;, z", "Admins: root@mx.example, x <y@mx.example>;, z@mx.example"},
      {"john . doe", "john . doe@mx.example"},
      {"<@a.example:root>", "<@a.example:root@mx.example>"},
  };
  for (const auto& [text, completed] : cases) {
    INFO(text);
    std::size_t most = 10;
    CHECK(with_domain(text, domain, most) == completed);
    CHECK(with_domain(completed, domain, most) == completed);
  }
}

TEST_CASE("address list: what is no lone local part gets no domain") {
  const Domain domain = Domain::parse("mx.example").value();
  for (const char* text : {"", "undisclosed-recipients:;", "<>", "two words", "root@", "@b.example", "a..b", "\xC3\xBC", "root <", "\"root",
                           "a@b c", "root (open, b"}) {
    INFO(text);
    std::size_t most = 10;
    CHECK(with_domain(text, domain, most) == text);
  }
}

TEST_CASE("address list: a list of more addresses than may be looked at stays as it is, and uses up the bound") {
  const Domain domain = Domain::parse("mx.example").value();
  std::size_t most = 5;
  CHECK(with_domain("a, b", domain, most) == "a@mx.example, b@mx.example");
  CHECK(most == 3);
  CHECK(with_domain("a, \"b", domain, most) == "a, \"b");  // cannot be read: looked at all the same
  CHECK(most == 2);
  CHECK(with_domain("a, b", domain, most) == "a@mx.example, b@mx.example");
  CHECK(most == 0);
  most = 2;
  std::size_t asked = 0;
  const auto other = [&asked](std::string_view) { return ++asked, std::optional<std::string>("x@y.example"); };
  CHECK(with_addresses("a, b, c", other, most) == "a, b, c");
  CHECK(most == 0);
  CHECK(asked == 0);
  CHECK(read_address_list("a, b", 1).addresses == std::vector<std::string>{"a"});
  CHECK(read_address_list("a, b", 1).unreadable == "b");
  CHECK(read_address_list("a,,(x),", 1).unreadable.empty());
}
