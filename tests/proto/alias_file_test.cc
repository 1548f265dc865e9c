// Files of aliases, in the syntax of Postfix and Exim: aliases(5), postalias(1).
#include "proto/alias_file.h"

#include <catch2/catch.hpp>

namespace mxpress::testing {
namespace {

using proto::AliasTable;

std::string targets(const AliasTable& table, const std::string& name) {
  const auto found = table.names.find(name);
  if (found == table.names.end()) return "none";
  std::string all;
  for (const proto::AliasTarget& target : found->second) all += (all.empty() ? "" : ", ") + proto::to_string(target);
  return all;
}

std::string mistakes(const AliasTable& table) {
  std::string all;
  for (const auto& one : table.mistakes) all += std::to_string(one.line) + " ";
  return all;
}

}  // namespace

TEST_CASE("alias file: names, quotes, several targets; case does not matter in names") {
  const auto table = proto::parse_alias_file(
      "# comment\nroot: alice, Bob@Example.ORG\n\"Quoted name\": x\nMiXed:\ty\n\"q@b\" : c\r\nback\\\"slash: d\n\"a:b\": e\nlast: f");
  CHECK(targets(table, "root") == "alice, Bob@Example.ORG");
  CHECK(targets(table, "quoted name") == "x");
  CHECK(targets(table, "mixed") == "y");
  CHECK(targets(table, "q@b") == "c");
  CHECK(targets(table, "back\"slash") == "none");
  CHECK(targets(table, "a:b") == "e");
  CHECK(targets(table, "last") == "f");
  CHECK(mistakes(table) == "6 ");
}

TEST_CASE("alias file: a line with a blank in front continues the one before, across comments and empty lines") {
  const auto table = proto::parse_alias_file("a: x,\n  y,\n # comment\n\n\n\tz\n# comment\nb: c\n \n  , d\n");
  CHECK(targets(table, "a") == "x, y, z");
  CHECK(targets(table, "b") == "c, d");
  CHECK(table.mistakes.empty());
  const auto early = proto::parse_alias_file("# x\n  a: b\n  c: d\ne: f\n");
  CHECK(mistakes(early) == "2 ");
  CHECK(early.names.size() == 1);
  CHECK(targets(early, "e") == "f");
}

TEST_CASE("alias file: mistakes are named by line, and everything else holds") {
  const auto table = proto::parse_alias_file(
      "ok: a\nno colon\nempty:\na@b: c\n: d\ndup: one\ndup: two\nwrong: a, b c,\n  d\n\"open: x\ntwo words: x\nlist: /var/x, |cmd, b\n");
  CHECK(mistakes(table) == "2 3 4 5 7 8 10 11 ");
  CHECK(targets(table, "ok") == "a");
  CHECK(targets(table, "dup") == "one");
  CHECK(table.names.at("wrong").size() == 3);
  CHECK(targets(table, "list") == "/var/x, |cmd, b");
  CHECK(table.names.at("wrong").back().line == 8);
}

TEST_CASE("alias file: names with NUL, control characters and 8-bit letters are mistakes") {
  const auto table = proto::parse_alias_file(std::string("a\0b: c\n", 7) + "\"x\x01\": c\n\xc3\xa4: c\n" + std::string(300, 'x') + ": c\n");
  CHECK(table.names.empty());
  CHECK(mistakes(table) == "1 2 3 4 ");
}

TEST_CASE("alias file: a million lines of mistakes are told in bounds, and a line of 8 MB is one alias") {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "nothing\n";
  CHECK(proto::parse_alias_file(text).mistakes.size() == proto::kMostMistakes + 1);
  std::string line = "a: b";
  for (int i = 0; i < 1'000'000; ++i) line += ", b@c.d";
  CHECK(proto::parse_alias_file(line).names.at("a").size() == 1'000'001);
  std::string comments = "a: b\n";
  for (int i = 0; i < 100'000; ++i) comments += "#\n\n";
  CHECK(proto::parse_alias_file(comments + "c: d\n").names.size() == 2);
}

TEST_CASE("alias file: a list of :include: has one or several on a line, and comments") {
  const auto list = proto::parse_alias_list("# staff\nalice, bob@x.example\n\n  carl \r\n|cmd\nd e\n");
  REQUIRE(list.targets.size() == 5);
  CHECK(list.targets[2].text == "carl");
  CHECK(list.targets[2].line == 4);
  CHECK(list.targets[3].kind == proto::AliasTarget::Kind::command);
  REQUIRE(list.mistakes.size() == 1);
  CHECK(list.mistakes[0].line == 6);
}

}  // namespace mxpress::testing
