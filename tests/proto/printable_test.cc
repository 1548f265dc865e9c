// Tests of cleaning remote text.
#include "proto/printable.h"

#include <catch2/catch.hpp>

using mxpress::proto::printable;

TEST_CASE("printable: no control character and no 8-bit octet is left of any text") {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  const std::string clean = printable(all, 1000);
  for (const char c : clean) CHECK((c >= 32 && c < 127));
  CHECK(clean.find("ABC") != std::string::npos);
}

TEST_CASE("printable: line ends and tabs become one space, escape sequences lose their lead") {
  CHECK(printable("a\r\nb\tc\nd\re", 100) == "a b c d e");
  CHECK(printable("\x1b[31mred\x07", 100) == "[31mred");
  CHECK(printable("\xC3\xBC", 100) == "??");
}

TEST_CASE("printable: the result is bounded") {
  CHECK(printable(std::string(100, 'x'), 10) == std::string(10, 'x'));
  CHECK(printable("abc", 0).empty());
}

TEST_CASE("printable: UTF-8 stays where it is some, without what nobody sees or what turns the text around") {
  using mxpress::proto::printable_utf8;
  CHECK(printable_utf8("\xC3\xBC \xE2\x82\xAC \xF0\x9F\x93\xA7", 100) == "\xC3\xBC \xE2\x82\xAC \xF0\x9F\x93\xA7");
  CHECK(printable_utf8("a\r\nb\x1b[0m\xFF\xC3", 100) == "a b[0m??");
  CHECK(printable_utf8("\xC2\x9B\xE2\x80\xAEx\xE2\x80\xA8\xEF\xBB\xBF", 100) == "x");
  CHECK(printable_utf8("ab\xE2\x82\xAC", 4) == "ab");
}
