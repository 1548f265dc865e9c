// Tests of headers.
#include "proto/header.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace mxpress::proto;

namespace {

// Splits the text at the end of the header, fed in pieces of this size.
MessageParts split_in_pieces(std::string_view text, std::size_t piece) {
  HeaderScanner scanner(MboxLines::are_dropped);
  std::size_t known = 0;
  while (known < text.size()) {
    known = std::min(text.size(), known + piece);
    if (scanner.find_end(text.substr(0, known), Extent::may_grow)) break;
  }
  scanner.find_end(text.substr(0, known), known < text.size() ? Extent::may_grow : Extent::is_whole);
  return {scanner.header(text), text.substr(scanner.end())};
}

}  // namespace

TEST_CASE("header: it ends at the first line that is neither a field nor a continuation, wherever the text is cut") {
  const struct {
    std::string_view text, header;
  } cases[] = {
      {"A: 1\r\nB: 2\r\n\r\nC: 3\r\n", "A: 1\r\nB: 2\r\n"},
      {"A: 1\r\n", "A: 1\r\n"},
      {"A: 1", "A: 1"},
      {"A: 1\r\nplain text\r\nCc: x@y.example\r\n\r\nz\r\n", "A: 1\r\n"},
      {"A: 1\r\n-- \r\nB: 2\r\n", "A: 1\r\n"},
      {"A: 1\r\n: no name\r\nB: 2\r\n", "A: 1\r\n"},
      {"A: 1\r\nhttps is: a name with blanks\r\nB: 2\r\n", "A: 1\r\n"},
      {"A: 1\r\n\xc3\xa4: 8-bit name\r\nB: 2\r\n", "A: 1\r\n"},
      {"A: 1\r\n\vBcc: x\r\nB: 2\r\n", "A: 1\r\n"},
      {"A : 1\r\n \r\n\tfold\r\nB:\r\n\r\n", "A : 1\r\n \r\n\tfold\r\nB:\r\n"},
      {"A: 1\r\nFrom me Thu Jan 1\r\nB: 2\r\n", "A: 1\r\n"},
      {"hello\r\nA: 1\r\n\r\nx\r\n", ""},
      {" A: 1\r\n", ""},
      {"\r\nA: 1\r\n", ""},
      {"", ""},
      {"From me Thu Jan 1\r\nA: 1\r\n\r\nx", "A: 1\r\n"},
      {">From me\r\nFrom me Thu Jan 1\r\nA: 1\r\n\r\nx", "A: 1\r\n"},
      {"From Monday on we are closed.\r\nRegards\r\n", ""},
      {"From Monday on we are closed.\r\n\r\nRegards: me\r\n", ""},
      {"From now on", ""},
  };
  for (const auto& [text, header] : cases) {
    CAPTURE(text);
    for (std::size_t piece = 1; piece <= text.size() + 1; ++piece) {
      const auto parts = split_in_pieces(text, piece);
      CHECK(parts.header == header);
      CHECK(parts.body == text.substr(header.empty() ? 0 : static_cast<std::size_t>(parts.header.end() - text.begin())));
    }
  }
}

TEST_CASE("header: the body begins behind the empty line, or where that is missing") {
  CHECK(split_message("A: 1\r\n\r\nbody\r\n\r\nmore\r\n").body == "body\r\n\r\nmore\r\n");
  CHECK(split_message("A: 1\r\ntext\r\n").body == "text\r\n");
  CHECK(split_message("\r\nbody\r\n").body == "body\r\n");
  CHECK(split_message("hello\r\n").body == "hello\r\n");
  CHECK(split_message("A: 1\r\n").body.empty());
}

TEST_CASE("header: a line without colon is text as soon as it is too long for a field name") {
  HeaderScanner scanner(MboxLines::are_dropped);
  std::string text = "A: 1\r\n" + std::string(997, 'x');
  CHECK_FALSE(scanner.find_end(text, Extent::may_grow));
  text += 'x';
  CHECK(scanner.find_end(text, Extent::may_grow));
  CHECK(scanner.header(text) == "A: 1\r\n");
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

TEST_CASE("header: only Date, From and Message-ID are added, and only where missing") {
  const HeaderDefaults defaults{mxpress::WallTime{}, 0, "root@here.example", "Charlie &", "1.2@here.example"};
  CHECK(missing_fields({}, defaults) ==
        "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nFrom: Charlie & <root@here.example>\r\nMessage-ID: <1.2@here.example>\r\n");
  CHECK(missing_fields({.has_date = true, .has_author = true, .message_id = ""}, defaults).empty());
  CHECK(missing_fields({.has_date = true, .has_author = true}, defaults) == "Message-ID: <1.2@here.example>\r\n");
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
