// Tests of the text that is stored in a mailbox.
#include "mta/mailstore/stored_text.h"

#include <catch2/catch.hpp>

#include "tests/mta/mailstore/some_mail.h"

using namespace mxpress;
using namespace mxpress::mta::mailstore;
using namespace mxpress::test;

namespace {

// In pieces of that size.
std::string stored(const std::string& content, Layout layout = Layout::mbox, std::size_t piece = 1'000'000) {
  std::string result;
  StoredText text(layout, [&](std::string_view octets) {
    result += octets;
    return Status();
  });
  for (std::size_t at = 0; at < content.size(); at += piece) REQUIRE(text.add(content.substr(at, piece)).ok());
  REQUIRE(text.finish().ok());
  return result;
}

}  // namespace

TEST_CASE("stored text: lines that begin like a message are quoted once more, and only in an mbox") {
  const std::string content =
      "Subject: a\r\n\r\nFrom here\r\n>From there\r\n>>From x\r\nFrom\r\nFromage\r\n From y\r\n>\r\n> From z\r\nfrom q\r\n";
  CHECK(stored(content) == "Subject: a\n\n>From here\n>>From there\n>>>From x\nFrom\nFromage\n From y\n>\n> From z\nfrom q\n\n");
  CHECK(stored(content, Layout::file) == "Subject: a\n\nFrom here\n>From there\n>>From x\nFrom\nFromage\n From y\n>\n> From z\nfrom q\n");
}

TEST_CASE("stored text: a line of the header that begins like a message is quoted, and a field with a blank before its colon stays one") {
  CHECK(stored("From me\r\nFrom : a@b.example\r\n\r\nx\r\n") == ">From me\nFrom: a@b.example\n\nx\n\n");
}

TEST_CASE("stored text: fields that mail readers keep for themselves are left out with their continuation lines") {
  CHECK(stored("Status: RO\r\nSubject: a\r\nX-Status: A\r\n\tF\r\nx-uid: 7\r\nX-IMAPbase: 1 2\r\n more\r\nX-IMAP: 3\r\nX-Keywords: k\r\n"
               "content-length: 9999\r\nContent-Length : 1\r\nTo: b\r\n c\r\n\r\nStatus: of the body\r\n") ==
        "Subject: a\nTo: b\n c\n\nStatus: of the body\n\n");
}

TEST_CASE("stored text: the last line gets its line end, and an mbox an empty line behind it") {
  CHECK(stored("Subject: a\r\n\r\nend") == "Subject: a\n\nend\n\n");
  CHECK(stored("Subject: a\r\n\r\n>Fro") == "Subject: a\n\n>Fro\n\n");
  CHECK(stored("Subject: a") == "Subject: a\n\n");
  CHECK(stored("") == "\n");
  CHECK(stored("Subject: a\r\n\r\nend", Layout::file) == "Subject: a\n\nend\n");
}

TEST_CASE("stored text: how the content is cut into pieces changes nothing") {
  const std::string content = "Status: x\r\n y\r\nFrom : a\r\nTo: b\r\n\r\n>From a\r\n>>Fro\r\nFrom b\r\n\r\n>>>From";
  for (const Layout layout : {Layout::mbox, Layout::file})
    for (const std::size_t piece : {1, 2, 3, 5, 7}) CHECK(stored(content, layout, piece) == stored(content, layout));
}

TEST_CASE("stored text: the front names the envelope, without a blank in the sender") {
  Mail mail = SomeMail();
  CHECK(front_of(mail, Layout::mbox) == kFrontOfSomeMail);
  CHECK(front_of(mail, Layout::file) == "Return-Path: <alice@there.example>\nDelivered-To: bob@here.example\n");
  mail.sender = "\"a b\"@there.example";
  CHECK(front_of(mail, Layout::mbox).starts_with("From \"a_b\"@there.example Tue Nov"));
  CHECK(front_of(mail, Layout::mbox).find("Return-Path: <\"a b\"@there.example>\n") != std::string::npos);
  mail.sender.clear();
  CHECK(front_of(mail, Layout::mbox).starts_with("From MAILER-DAEMON Tue Nov 14 22:13:20 2023\nReturn-Path: <>\n"));
}

TEST_CASE("stored text: the sink's error ends it") {
  const SomeMail mail;
  int calls = 0;
  const Status status =
      write_stored(mail, Layout::mbox, [&](std::string_view) { return ++calls == 2 ? Status(Error::transient("full")) : Status(); });
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().message == "full");
  CHECK(calls == 2);
}
