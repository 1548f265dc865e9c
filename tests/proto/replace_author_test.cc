// Replacing the author as a provider requires.
#include "proto/replace_author.h"

#include <catch2/catch.hpp>

namespace mxpress::proto {
namespace {

std::string replaced(const std::string& header) {
  return replace_author(header, Mailbox::parse("me@provider.example").value()).value_or("unchanged");
}

TEST_CASE("replace author: the address in From changes, the name stays, and the former author stands in Reply-To") {
  CHECK(replaced("To: b@there.example\r\nFrom: \"Shop, News\" <news@shop.example>\r\nSubject: x\r\n") ==
        "To: b@there.example\r\nFrom: \"Shop, News\" <me@provider.example>\r\nReply-To: \"Shop, News\" <news@shop.example>\r\nSubject: "
        "x\r\n");
  CHECK(replaced("From: root (Cron\r\n Daemon)\r\n") ==
        "From: me@provider.example (Cron\r\n Daemon)\r\nReply-To: root (Cron\r\n Daemon)\r\n");
}

TEST_CASE("replace author: a Reply-To that is there stays, and Sender and further From fields go") {
  CHECK(replaced("reply-to: else@x.example\r\nfrom:a@x.example\r\nSender: c@x.example\r\n") ==
        "reply-to: else@x.example\r\nFrom: me@provider.example\r\n");
  CHECK(replaced("From: a@x.example\r\nX: y\r\nFrom: b@x.example\r\n") == "From: me@provider.example\r\nX: y\r\n");
}

TEST_CASE("replace author: several authors are answered together, and what cannot be read or is not there is not answered") {
  CHECK(replaced("From: a@x.example, b@x.example\r\n") == "From: me@provider.example\r\nReply-To: a@x.example, b@x.example\r\n");
  CHECK(replaced("From: (a@x.example\r\n") == "From: me@provider.example\r\n");
  CHECK(replaced("From:\r\n") == "From: me@provider.example\r\n");
  CHECK(replaced("Subject: x\r\n") == "From: me@provider.example\r\nSubject: x\r\n");
  CHECK(replaced("") == "From: me@provider.example\r\n");
}

TEST_CASE("replace author: mail of that author is left as it is") {
  CHECK(replaced("From: Me <Me@Provider.example>\r\nSender: x@y.example\r\n") == "unchanged");
}

TEST_CASE("replace author: no line becomes too long") {
  const std::string value = " \"" + std::string(967, 'n') + "\" <news@shop.example>";
  const std::string out = replaced("From:" + value + "\r\n");
  for (std::size_t at = 0, end; (end = out.find("\r\n", at)) != out.npos; at = end + 2) CHECK(end - at <= 998);
  CHECK_THAT(out, Catch::Contains("Reply-To:\r\n" + value + "\r\n"));
}

}  // namespace
}  // namespace mxpress::proto
