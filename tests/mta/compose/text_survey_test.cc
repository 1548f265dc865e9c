// What decides the encoding of a text.
#include "mta/compose/text_survey.h"

#include <catch2/catch.hpp>

#include "tests/support/composing.h"

using mxpress::mta::compose::survey;
using mxpress::mta::compose::TextFacts;
using mxpress::testing::Desk;
using Encoding = TextFacts::Encoding;

namespace {

TextFacts facts_of(std::string_view text) {
  const Desk desk;
  const auto facts = survey(desk.source("text", text));
  REQUIRE(facts);
  return *facts;
}

}  // namespace

TEST_CASE("text survey: short lines of ASCII need no encoding") {
  CHECK(facts_of("a\nb\r\n").encoding() == Encoding::seven_bit);
  CHECK(facts_of("").encoding() == Encoding::seven_bit);
  CHECK(facts_of(std::string(998, 'x') + "\r\n").encoding() == Encoding::seven_bit);
}

TEST_CASE("text survey: long lines, lone CRs and a little 8-bit make it quoted-printable, more 8-bit base64") {
  CHECK(facts_of(std::string(999, 'x')).encoding() == Encoding::quoted_printable);
  CHECK(facts_of("a\rb\n").encoding() == Encoding::quoted_printable);
  CHECK(facts_of("a\r").encoding() == Encoding::quoted_printable);
  CHECK(facts_of("a\r\r\nb\n").has_lone_cr);
  CHECK(facts_of("Viele Grüße aus Köln, und bis bald").encoding() == Encoding::quoted_printable);
  CHECK(facts_of("Привет").encoding() == Encoding::base64);
}

TEST_CASE("text survey: UTF-8 is recognised across pieces of the file") {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string text(64 * 1024 - 4 + shift, 'x');
    text += "😀 end";
    CHECK(facts_of(text).is_utf8);
    text.erase(64 * 1024 - 4 + shift + 1, 1);
    CHECK_FALSE(facts_of(text).is_utf8);
  }
  CHECK_FALSE(facts_of("x\xF0\x9F\x98").is_utf8);
  CHECK(facts_of(std::string("a\0b", 3)).has_nul);
}
