// Tests of mailboxes and reverse-paths.
#include "proto/mailbox.h"

#include <catch2/catch.hpp>

using mxpress::proto::Domain;
using mxpress::proto::Mailbox;
using mxpress::proto::ReversePath;

TEST_CASE("mailbox: the local part keeps its case, the domain becomes canonical") {
  const std::pair<const char*, const char*> cases[] = {
      {"User.Name+tag@Example.ORG", "User.Name+tag@example.org"},
      {"!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~@example.org"},
      {"\"odd user\"@example.org", "\"odd user\"@example.org"},
      {"\"a\\\"b@c\\\\\"@example.org", "\"a\\\"b@c\\\\\"@example.org"},
      {"\"\"@example.org", "\"\"@example.org"},
      {"user@[192.0.2.1]", "user@[192.0.2.1]"},
      {"root@localhost", "root@localhost"},
  };
  for (const auto& [given, canonical] : cases) {
    CAPTURE(given);
    const auto mailbox = Mailbox::parse(given);
    REQUIRE(mailbox.ok());
    CHECK(mailbox->to_string() == canonical);
    CHECK(mailbox->in_brackets() == "<" + std::string(canonical) + ">");
  }
}

TEST_CASE("mailbox: what the grammar of RFC 5321 does not allow is refused") {
  for (const std::string& text : {std::string(),
                                  std::string("user"),
                                  std::string("@example.org"),
                                  std::string("user@"),
                                  std::string("a b@example.org"),
                                  std::string("a@b@example.org"),
                                  std::string("<a@example.org>"),
                                  std::string("\"a@example.org"),
                                  std::string("\"a\"b@example.org"),
                                  std::string("\"a\\\"@example.org"),
                                  std::string("a(c)@example.org"),
                                  std::string("a,b@example.org"),
                                  std::string("\xC3\xBC@example.org"),
                                  std::string("\"\xC3\xBC\"@example.org"),
                                  std::string("a\r\n@example.org"),
                                  std::string("\"a\r\nb\"@example.org"),
                                  std::string("a\0@example.org", 14),
                                  std::string("a@example.org\r\nRCPT"),
                                  std::string("a@example.org "),
                                  std::string("\"a\\\x01\"@example.org")}) {
    CAPTURE(text);
    CHECK_FALSE(Mailbox::parse(text).ok());
  }
}

TEST_CASE("mailbox: a local part may be longer than the 64 octets that RFC 5321 asks for, up to 900") {
  const Domain here = *Domain::parse("example.org");
  for (const std::size_t length : {64u, 65u, 128u, 900u}) {
    CAPTURE(length);
    CHECK(Mailbox::parse(std::string(length, 'a') + "@example.org")->local_part().size() == length);
    CHECK(Mailbox::parse_qualifying(std::string(length, 'a'), here).ok());
  }
  CHECK_FALSE(Mailbox::parse(std::string(901, 'a') + "@example.org").ok());
  CHECK_FALSE(Mailbox::parse_qualifying(std::string(901, 'a'), here).ok());
}

TEST_CASE("mailbox: needless quotes and backslashes go, and what needs quotes gets them") {
  const std::pair<const char*, const char*> cases[] = {
      {"\"needless\"@example.org", "needless@example.org"},
      {"\"a\\.b\"@example.org", "a.b@example.org"},
      {"\"a\\ b\"@example.org", "\"a b\"@example.org"},
      {"user..name@example.org", "\"user..name\"@example.org"},
      {"user.@example.org", "\"user.\"@example.org"},
      {".user@example.org", "\".user\"@example.org"},
      {".@example.org", "\".\"@example.org"},
      {"\"user..name\"@example.org", "\"user..name\"@example.org"},
  };
  for (const auto& [given, canonical] : cases) {
    CAPTURE(given);
    REQUIRE(Mailbox::parse(given).ok());
    CHECK(Mailbox::parse(given)->to_string() == canonical);
    CHECK(*Mailbox::parse(canonical) == *Mailbox::parse(given));
  }
  CHECK(Mailbox::parse("User@example.org")->to_string() != Mailbox::parse("user@example.org")->to_string());
}

TEST_CASE("mailbox: every login name without control characters is a mailbox of its own") {
  const Domain here = *Domain::parse("here.example");
  CHECK(Mailbox::of_user("root", here)->to_string() == "root@here.example");
  CHECK(Mailbox::of_user("CORP\\jane", here)->to_string() == "\"CORP\\\\jane\"@here.example");
  CHECK(Mailbox::of_user("jane@corp", here)->to_string() == "\"jane@corp\"@here.example");
  CHECK(Mailbox::of_user("jane doe", here)->to_string() == "\"jane doe\"@here.example");
  CHECK(Mailbox::of_user("j\"d", here)->to_string() == "\"j\\\"d\"@here.example");
  CHECK(Mailbox::of_user("host$", here)->to_string() == "host$@here.example");
  for (const char* login : {"", "jane\nRCPT", "j\xC3\xBCrgen"}) CHECK_FALSE(Mailbox::of_user(login, here).ok());
}

TEST_CASE("mailbox: qualifying adds the domain only where there is none") {
  const Domain here = *Domain::parse("here.example");
  CHECK(Mailbox::parse_qualifying("root", here)->to_string() == "root@here.example");
  CHECK(Mailbox::parse_qualifying("\"a@b\"", here)->to_string() == "\"a@b\"@here.example");
  CHECK(Mailbox::parse_qualifying("you@there.example", here)->to_string() == "you@there.example");
  for (const char* text : {"", "two words", "you@", "@there.example", "-a b", "a,b"}) {
    CAPTURE(text);
    CHECK_FALSE(Mailbox::parse_qualifying(text, here).ok());
  }
}

TEST_CASE("mailbox: the null reverse-path is empty text") {
  CHECK(ReversePath().is_null());
  CHECK(ReversePath().to_string().empty());
  CHECK(ReversePath(*Mailbox::parse("a@b.example")).to_string() == "a@b.example");
}
