// Tests of base64, quoted-printable and UTF-8.
#include "proto/encoding.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;

TEST_CASE("encoding: base64 as in RFC 4648 10") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xFF\xFE") == "//4=");
  CHECK(base64_lines(std::string(58, 'a')).find("\r\n") == 76);
}

TEST_CASE("encoding: quoted-printable keeps line ends and plain text, and encodes the rest") {
  const std::pair<std::string, const char*> cases[] = {
      {"plain\r\ntext\r\n", "plain\r\ntext\r\n"},
      {"a=b", "a=3Db"},
      {"\xC3\xBC\r\n", "=C3=BC\r\n"},
      {"end \r\nend\t\r\n", "end=20\r\nend=09\r\n"},
      {"a b\tc", "a b\tc"},
      {".\r\nFrom me\r\n", "=2E\r\n=46rom me\r\n"},
      {"a\rb\nc", "a=0Db=0Ac"},
      {std::string("a\0b", 3), "a=00b"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(quoted_printable(text) == expected);
  }
}

TEST_CASE("encoding: quoted-printable lines are at most 76 long") {
  for (const char* unit : {"x", "=", "\xC3\xBC", "x=", ". ", "From "}) {
    std::string text;
    while (text.size() < 1000) text += unit;
    const std::string encoded = quoted_printable(text);
    std::size_t start = 0;
    for (std::size_t end; (end = encoded.find("\r\n", start)) != std::string::npos; start = end + 2) {
      CHECK(end - start <= 76);
      CHECK(encoded[end - 1] == '=');
    }
    CHECK(encoded.size() - start <= 76);
  }
}

TEST_CASE("encoding: UTF-8 is told from other octets") {
  for (const char* good : {"", "abc", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBD"}) CHECK(is_utf8(good));
  for (const char* bad : {"\xFF", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF0\x9F\x98", "\x80"})
    CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("encoding: text in pieces is encoded like the whole") {
  std::string text = "From me\r\n--\r\n.\r\nFrom a to \xC3\xBC = b \r\n\t\r\nx\r";
  for (int i = 0; i < 300; ++i) text += i % 7 == 0 ? " " : i % 11 == 0 ? "\xF0\x9F\x98\x80" : "From .-=";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    QuotedPrintableEncoder quoted;
    Base64LineEncoder lines;
    Utf8Check utf8;
    std::string as_quoted;
    std::string as_lines;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      quoted.feed(std::string_view(text).substr(at, piece), as_quoted);
      lines.feed(std::string_view(text).substr(at, piece), as_lines);
      utf8.feed(std::string_view(text).substr(at, piece));
    }
    quoted.finish(as_quoted);
    lines.finish(as_lines);
    CAPTURE(piece);
    CHECK(as_quoted == quoted_printable(text));
    CHECK(as_lines == base64_lines(text));
    CHECK(utf8.ok());
  }
}

TEST_CASE("encoding: UTF-8 in pieces is told from other octets") {
  for (const char* bad : {"\xFF", "\xC3", "ab\xC3x", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x9F\x98", "\x80", "\xF0\x9F\x98xyz"}) {
    CAPTURE(std::string(bad));
    Utf8Check check;
    for (const char c : std::string_view(bad)) check.feed({&c, 1});
    CHECK_FALSE(check.ok());
  }
}
