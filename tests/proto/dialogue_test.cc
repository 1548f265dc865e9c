// Dialogues in the form of the disk.
#include "proto/dialogue.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "proto/printable.h"

using namespace mxpress;
using namespace mxpress::proto;

namespace {

HostDialogue sample(std::size_t replies) {
  HostDialogue dialogue{"mx.there.example", "192.0.2.1:25", WallTime(Duration(1'800'000'000'123)), {}};
  dialogue.lines.push_back({Speaker::client, "EHLO here.example", Duration(7)});
  for (std::size_t i = 0; i < replies; ++i) dialogue.lines.push_back({Speaker::host, "250-" + std::to_string(i), Duration(8)});
  dialogue.lines.push_back({Speaker::note, "timed out", Duration(9)});
  return dialogue;
}

}  // namespace

TEST_CASE("dialogue: what is stored is read again") {
  std::string stored;
  append(stored, sample(2), 10'000);
  append(stored, sample(0), 10'000);
  const auto read = parse_dialogues(stored);
  REQUIRE(read.size() == 2);
  CHECK(read[0].host == "mx.there.example");
  CHECK(read[0].address == "192.0.2.1:25");
  CHECK(read[0].started == WallTime(Duration(1'800'000'000'123)));
  REQUIRE(read[0].lines.size() == 4);
  CHECK(read[0].lines[0].from == Speaker::client);
  CHECK(read[0].lines[0].text == "EHLO here.example");
  CHECK(read[0].lines[0].at == Duration(7));
  CHECK(read[0].lines[3].from == Speaker::note);
  CHECK(read[1].lines.size() == 2);
}

TEST_CASE("dialogue: without room the middle is left out, and counted") {
  std::string stored;
  append(stored, sample(1000), 1000);
  CHECK(stored.size() <= 1000);
  const auto read = parse_dialogues(stored);
  REQUIRE(read.size() == 1);
  const auto& lines = read[0].lines;
  CHECK(lines.front().text == "EHLO here.example");
  CHECK(lines.back().text == "timed out");
  const auto gap = std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.text.ends_with("lines are left out]"); });
  REQUIRE(gap != lines.end());
  CHECK(gap->text == "[" + std::to_string(1002 - (lines.size() - 1)) + " lines are left out]");
  append(stored, sample(0), stored.size() + 10);
  CHECK(parse_dialogues(stored).size() == 1);
}

TEST_CASE("dialogue: damaged lines are left out") {
  const auto read = parse_dialogues("S 1 before any host\nH x\nH 12 a\nH 12 a:25 mx\nX 1 y\nS\nS 1\nS a b\nC 3 QUIT\nS 5 no end");
  REQUIRE(read.size() == 1);
  REQUIRE(read[0].lines.size() == 2);
  CHECK(read[0].lines[0].text == "QUIT");
  CHECK(read[0].lines[1].text == "no end");
}

TEST_CASE("dialogue: numbers have commas") {
  CHECK(with_commas(0) == "0");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(1'000) == "1,000");
  CHECK(with_commas(12'345'678) == "12,345,678");
}

TEST_CASE("printable: what is not printable can be made visible, within bounds") {
  CHECK(visible_utf8("250 ok", 10) == "250 ok");
  CHECK(visible_utf8(std::string_view("a\0\x1b[2J\x7f\xff\r", 9), 100) == "a\\x00\\x1B[2J\\x7F\\xFF\\x0D");
  CHECK(visible_utf8("gr\xc3\xbc\xc3\x9f \xe2\x80\xae", 100) == "gr\xc3\xbc\xc3\x9f \\xE2\\x80\\xAE");
  CHECK(visible_utf8(std::string(20, 'x'), 10) == std::string(10, 'x') + " [...]");
  CHECK(visible_utf8(std::string(3, '\x01'), 10) == "\\x01\\x01 [...]");
}
