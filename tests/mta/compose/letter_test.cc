// Texts of a letter's header.
#include "mta/compose/letter.h"

#include <catch2/catch.hpp>

using namespace mxpress::mta::compose;

TEST_CASE("letter: a field is a name and a value") {
  const auto field = read_field("X-Priority:  1 ");
  REQUIRE(field);
  CHECK(field->name == "X-Priority");
  CHECK(field->value == "1");
  CHECK(read_field("X-Empty:"));
  CHECK(read_field("List-Unsubscribe: <https://here.example/?a=1:2>")->value == "<https://here.example/?a=1:2>");
  for (const char* const text : {"", ":", "no colon", "with blank: x", "with blank : x", "Ünï: x"}) CHECK_FALSE(read_field(text));
}

TEST_CASE("letter: no field can bring another one in") {
  for (const char* const text : {"X: a\nBcc: evil@there.example", "X: a\r\n\r\nbody", "X: a\r", "X\n: a"}) {
    const auto field = read_field(text);
    REQUIRE_FALSE(field);
    CHECK(field.error().message.find("control character") != std::string::npos);
  }
  CHECK_FALSE(check_text_line("--subject", "a\nb"));
  CHECK_FALSE(check_text_line("--subject", "a\x1b[2J"));
  CHECK_FALSE(check_text_line("--subject", "\xFC"));
  CHECK(check_text_line("--subject", "Grüße 😀"));
}

TEST_CASE("letter: blanks that could not be folded into lines are refused") {
  CHECK(check_text_line("--subject", "a" + std::string(500, ' ') + "b"));
  CHECK_FALSE(check_text_line("--subject", "a" + std::string(501, ' ') + "b"));
}

TEST_CASE("letter: fields with an option of their own, and fields that are always set, are refused in any case") {
  for (const char* const name : {"From", "to", "BCC", "Subject", "reply-to"})
    CHECK(read_field(std::string(name) + ": x").error().message.find("say --") != std::string::npos);
  for (const char* const name : {"date", "Message-ID", "MIME-Version", "Content-Type", "content-x", "Received", "Return-Path"})
    CHECK(read_field(std::string(name) + ": x").error().message.find("is set by mxpress") != std::string::npos);
}

TEST_CASE("letter: a Message-ID may come without its brackets") {
  CHECK(*read_message_id("a@b") == "<a@b>");
  CHECK(*read_message_id(" <a@[1.2.3.4]> ") == "<a@[1.2.3.4]>");
  for (const char* const text : {"", "<>", "a", "@b", "a@", "<a@b> <c@d>", "a@b\nc", "a @b"}) CHECK_FALSE(read_message_id(text));
}
