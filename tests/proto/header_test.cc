// Tests of headers.
#include "proto/header.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;

TEST_CASE("header: a message is split at its first empty line") {
  const auto parts = split_message("A: 1\r\nB: 2\r\n\r\nbody\r\n\r\nmore\r\n");
  CHECK(parts.header == "A: 1\r\nB: 2\r\n");
  CHECK(parts.body == "body\r\n\r\nmore\r\n");
  CHECK(split_message("A: 1\r\n").header == "A: 1\r\n");
  CHECK(split_message("A: 1\r\n").body.empty());
  CHECK(split_message("A: 1\r\n\r\n").header == "A: 1\r\n");
  CHECK(split_message("A: 1\r\nmalformed\r\nB: 2\r\n\r\nx").header == "A: 1\r\nmalformed\r\nB: 2\r\n");
}

TEST_CASE("header: a message that does not begin with a field has none") {
  for (const char* text : {"hello\r\nA: 1\r\n\r\nx\r\n", "", " A: 1\r\n", ": x\r\n", "two words: x\r\n"}) {
    CAPTURE(text);
    CHECK(split_message(text).header.empty());
    CHECK(split_message(text).body == text);
  }
  CHECK(split_message("\r\nbody\r\n").header.empty());
  CHECK(split_message("\r\nbody\r\n").body == "body\r\n");
  CHECK(split_message("From me Thu Jan 1\r\nA: 1\r\n\r\nx").header == "From me Thu Jan 1\r\nA: 1\r\n");
}

TEST_CASE("header: fields come with their folds, malformed lines without name") {
  HeaderReader reader("Subject : one\r\n two\r\nbroken\r\n\tstill\r\nX:\r\nTo:last");
  auto field = reader.next();
  REQUIRE(field);
  CHECK(field->name == "Subject");
  CHECK(field->value == " one\r\n two");
  CHECK(unfolded(field->value) == "one two");
  field = reader.next();
  REQUIRE(field);
  CHECK(field->name.empty());
  CHECK(field->text == "broken\r\n\tstill\r\n");
  CHECK(reader.next()->value.empty());
  CHECK(reader.next()->value == "last");
  CHECK_FALSE(reader.next());
}

TEST_CASE("header: fields are found in any case, and only by their whole name") {
  const std::string_view header = "X-To: 1\r\nto: 2\r\nTO: 3\r\n";
  CHECK(find_field(header, "To")->value == " 2");
  CHECK(count_fields(header, "To") == 2);
  CHECK_FALSE(find_field(header, "T"));
}

TEST_CASE("header: 100 hops are accepted, 101 are a loop") {
  std::string header;
  for (int i = 0; i < 100; ++i) header += "Received: x\r\n";
  CHECK_FALSE(has_too_many_hops(header));
  CHECK(has_too_many_hops(header + "received: x\r\n"));
}

TEST_CASE("header: Bcc is removed with its folds, everything else keeps its bytes") {
  CHECK(without_bcc("To: a\r\nbcc: b,\r\n c\r\nSubject:  x\r\nResent-Bcc: d\r\n\r\nBcc: body\r\n") ==
        "To: a\r\nSubject:  x\r\n\r\nBcc: body\r\n");
  CHECK(without_bcc("Bcc: b\r\n\r\nbody\r\n") == "\r\nbody\r\n");
  CHECK(without_bcc("no header\r\nBcc: b\r\n") == "no header\r\nBcc: b\r\n");
  CHECK(without_mbox_line("From me\r\nTo: a\r\n") == "To: a\r\n");
  CHECK(without_mbox_line("From: me\r\n") == "From: me\r\n");
}

TEST_CASE("header: only Date, From and Message-ID are added, and only where missing") {
  const HeaderDefaults defaults{mxpress::WallTime{}, 0, "root@here.example", "Charlie &", "1.2@here.example"};
  CHECK(missing_fields("Subject: x\r\n\r\nbody\r\n", defaults) ==
        "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nFrom: Charlie & <root@here.example>\r\nMessage-ID: <1.2@here.example>\r\n");
  CHECK(missing_fields("date: x\r\nFROM: y\r\nmessage-id: z\r\n\r\n", defaults).empty());
  CHECK(missing_fields("Date: x\r\nFrom: y\r\n\r\nMessage-ID: body\r\n", defaults) == "Message-ID: <1.2@here.example>\r\n");
}

TEST_CASE("header: what is added to a message without header ends in an empty line") {
  const HeaderDefaults defaults{mxpress::WallTime{}, 0, "a@b.example", "", "1@b.example"};
  CHECK(split_message(missing_fields("hello\r\n", defaults) + "hello\r\n").body == "hello\r\n");
  CHECK(split_message(missing_fields("\r\nhello\r\n", defaults) + "\r\nhello\r\n").body == "hello\r\n");
  CHECK(split_message(missing_fields("", defaults)).body.empty());
}

TEST_CASE("header: an author's name is quoted or encoded where it must be") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "a@b.example"},
      {"  ", "a@b.example"},
      {"John Doe", "John Doe <a@b.example>"},
      {"Doe, John \"J\"", "\"Doe, John \\\"J\\\"\" <a@b.example>"},
      {"J\xC3\xBCrgen", "=?utf-8?B?SsO8cmdlbg==?= <a@b.example>"},
      {"bad \xFF", "\"bad ?\" <a@b.example>"},
      {"x\r\nBcc: y@z.example", "\"xBcc: y@z.example\" <a@b.example>"},
      {"=?utf-8?Q?x?=", "\"=?utf-8?Q?x?=\" <a@b.example>"},
  };
  for (const auto& [name, expected] : cases) {
    CAPTURE(name);
    CHECK(format_author(name, "a@b.example") == expected);
  }
  std::string euros;
  for (int i = 0; i < 100; ++i) euros += "\xE2\x82\xAC";
  CHECK(format_author(euros, "a@b.example").size() < 500);
}

TEST_CASE("header: From, Sender, Reply-To, To and Cc get the domain; other fields and the body keep their bytes") {
  const Domain domain = Domain::parse("mx.example").value();
  const std::string content =
      "FROM:root (Cron Daemon)\r\nTo : a,\r\n\tb\r\ncc:\tc@d.example\r\nReply-To: e\r\nSender: f\r\nBcc: g\r\nX-To: h\r\nno "
      "field\r\n\r\nTo: i\r\n";
  CHECK(with_domain_in_header(content, domain) ==
        "FROM:root@mx.example (Cron Daemon)\r\nTo : a@mx.example,\r\n\tb@mx.example\r\ncc:\tc@d.example\r\nReply-To: e@mx.example\r\n"
        "Sender: f@mx.example\r\nBcc: g\r\nX-To: h\r\nno field\r\n\r\nTo: i\r\n");
  for (const char* text : {"", "\r\nTo: x\r\n", "just text\r\nTo: x\r\n", "To: \"x\r\n\r\n", "To:"})
    CHECK(with_domain_in_header(text, domain) == text);
}
