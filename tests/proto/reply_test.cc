// Tests of reading and writing SMTP replies.
#include "proto/reply.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;

namespace {

// The first reply of a text that arrives in pieces of this size.
Result<Reply> read(std::string_view text, std::size_t piece = 4096) {
  ReplyParser parser;
  while (!text.empty()) {
    const std::size_t taken = parser.feed(text.substr(0, piece));
    text.remove_prefix(taken);
    if (auto reply = parser.take()) return *std::move(reply);
  }
  return Error::permanent("incomplete");
}

}  // namespace

TEST_CASE("reply: a line without hyphen ends a multi-line reply, in pieces of any size") {
  for (std::size_t piece = 1; piece < 40; ++piece) {
    const auto reply = read("250-mx.example.org\r\n250-SIZE 1000\r\n250 HELP\r\n", piece);
    REQUIRE(reply.ok());
    CHECK(reply->code == 250);
    CHECK(reply->lines() == std::vector<std::string_view>{"mx.example.org", "SIZE 1000", "HELP"});
  }
}

TEST_CASE("reply: bare codes, empty texts and bare line feeds are read") {
  CHECK(read("250\r\n")->lines() == std::vector<std::string_view>{""});
  CHECK(read("250 \r\n")->lines() == std::vector<std::string_view>{""});
  CHECK(read("250-\r\n250\r\n")->lines() == std::vector<std::string_view>{"", ""});
  CHECK(read("250 ok\n")->lines() == std::vector<std::string_view>{"ok"});
  CHECK(read("299 odd\r\n")->is_positive());
  CHECK(read("354 go\r\n")->is_intermediate());
  CHECK(read("499 odd\r\n")->is_transient());
  CHECK(read("599 odd\r\n")->is_permanent());
}

TEST_CASE("reply: what is no reply is a transient error") {
  for (const char* text : {"\r\n", "hello\r\n", "25\r\n", "250x\r\n", "2500 x\r\n", "150 x\r\n", "650 x\r\n", "050 x\r\n", " 250 x\r\n",
                           "-250 x\r\n", "250-a\r\n251 b\r\n", "550-a\r\n250 b\r\n", "250-a\r\n\r\n"}) {
    CAPTURE(text);
    const auto reply = read(text);
    REQUIRE_FALSE(reply.ok());
    CHECK(reply.error().is_transient());
    CHECK(reply.error().message != "incomplete");
  }
}

TEST_CASE("reply: nothing behind the end of a reply is taken") {
  ReplyParser parser;
  const std::string two = "250 a\r\n550 b\r\n";
  CHECK(parser.feed(two) == 7);
  CHECK(parser.feed(two.substr(7)) == 0);
  CHECK((*parser.take())->code == 250);
  CHECK_FALSE(parser.take());
  CHECK(parser.feed(two.substr(7)) == 7);
  CHECK((*parser.take())->code == 550);
}

TEST_CASE("reply: endless lines and endless replies are errors within the bounds") {
  ReplyParser parser;
  const std::string flood(100000, '2');
  CHECK(parser.feed(flood) <= flood.size());
  auto error = parser.take();
  REQUIRE(error);
  CHECK_FALSE(error->ok());
  std::string lines;
  for (int i = 0; i < 1001; ++i) lines += "250-x\r\n";
  CHECK_FALSE(read(lines + "250 x\r\n").ok());
  CHECK(read("250 " + std::string(2000, 'x') + "\r\n").ok());
  std::string dripped;
  for (int i = 0; i < 40; ++i) dripped += "250-" + std::string(2000, 'x') + "\r\n";
  CHECK_FALSE(read(dripped + "250 x\r\n", 1).ok());
}

TEST_CASE("reply: an enhanced code counts only if its class agrees with the code") {
  CHECK(read("550 5.1.1 no such user\r\n")->status() == EnhancedStatus{5, 1, 1});
  CHECK(read("550 5.1.1\r\n")->status() == EnhancedStatus{5, 1, 1});
  CHECK(read("450 5.1.1 what\r\n")->status() == EnhancedStatus{4, 0, 0});
  CHECK(read("550 no\r\n")->status() == EnhancedStatus{5, 0, 0});
  CHECK(read("250 ok\r\n")->status() == EnhancedStatus{2, 0, 0});
  CHECK_FALSE(read("250 1.2.3.4 is fine\r\n")->enhanced);
}

TEST_CASE("reply: shown as one clean bounded line") {
  CHECK(read("550-5.1.1 No such user;\r\n550 5.1.1 see https://e.example\r\n")->to_string() ==
        "550 5.1.1 No such user; see https://e.example");
  CHECK(read("550 a\x1b[1mb\xFF\x7f\r\n")->to_string() == "550 a[1mb?");
  CHECK(read("250\r\n")->to_string() == "250");
  CHECK(read("550 " + std::string(3000, 'y') + "\r\n")->to_string().size() == 1000);
}

TEST_CASE("reply: written lines carry code, enhanced code and CRLF, and cannot be split by their text") {
  CHECK(format_reply(250, EnhancedStatus{2, 1, 0}, "ok") == "250 2.1.0 ok\r\n");
  CHECK(format_reply(220, std::nullopt, "mx.example ESMTP") == "220 mx.example ESMTP\r\n");
  CHECK(format_reply(250, std::nullopt, "mx.example\nSIZE 10\nDSN") == "250-mx.example\r\n250-SIZE 10\r\n250 DSN\r\n");
  CHECK(format_reply(550, EnhancedStatus{5, 1, 1}, "a\r\nb") == "550-5.1.1 a\r\n550 5.1.1 b\r\n");
  CHECK(format_reply(550, std::nullopt, "a\rb\x01") == "550 a b\r\n");
  CHECK(format_reply(550, EnhancedStatus{5, 1, 1}, std::string(2000, 'x')).size() <= 512);
}

TEST_CASE("reply: what is written is read back") {
  const auto reply = read(format_reply(451, EnhancedStatus{4, 3, 0}, "try\nlater"));
  REQUIRE(reply.ok());
  CHECK(reply->code == 451);
  CHECK(reply->enhanced == EnhancedStatus{4, 3, 0});
}
