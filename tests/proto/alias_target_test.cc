// Targets of aliases, in all forms of Postfix aliases(5).
#include "proto/alias_target.h"

#include <catch2/catch.hpp>

namespace mxpress::testing {
namespace {

// "kind text; kind text".
std::string parsed(std::string_view list) {
  static constexpr const char* kKinds[] = {"address", "final", "include", "command", "file", "fail", "defer", "blackhole", "mistake"};
  std::string all;
  for (const proto::AliasTarget& target : proto::parse_alias_targets(list)) {
    all += (all.empty() ? "" : "; ") + std::string(kKinds[static_cast<std::size_t>(target.kind)]);
    if (target.kind != proto::AliasTarget::Kind::mistake) all += " " + target.text;
  }
  return all;
}

}  // namespace

TEST_CASE("alias target: addresses with commas between, in any spelling that a header may have") {
  CHECK(parsed("alice, Bob@Example.ORG") == "address alice; address Bob@Example.ORG");
  CHECK(parsed(" ,a,, b ,") == "address a; address b");
  CHECK(parsed("Alice Smith <alice@x.example> (of sales, x), \"B, C\" <b@x.example>") == "address alice@x.example; address b@x.example");
  CHECK(parsed("\"odd user\", \"odd user\"@x.example") == "address \"odd user\"; address \"odd user\"@x.example");
  CHECK(parsed("\"bob\", \"c@x.example\"") == "address bob; address c@x.example");
  CHECK(parsed("").empty());
}

TEST_CASE("alias target: commands, files, includes and final users, with quotes around all of it or without") {
  CHECK(parsed("|/bin/cmd a b, \"|/bin/cmd \\\"x\\\", y\"") == "command /bin/cmd a b; command /bin/cmd \"x\", y");
  CHECK(parsed("/var/x, \"/var/y z\"") == "file /var/x; file /var/y z");
  CHECK(parsed(":include:/etc/x, \":include:/etc/y z\", :Include: /z") == "include /etc/x; include /etc/y z; include /z");
  CHECK(parsed("\\user, \\user@here.example") == "final user; final user@here.example");
  CHECK(proto::to_string(proto::parse_alias_targets("\\user").front()) == "\\user");
}

TEST_CASE("alias target: Exim's words refuse mail, let it wait, and throw it away; those for the sender go to the end") {
  CHECK(parsed(":fail: gone, ask \"Bob\"") == "fail gone, ask \"Bob\"");
  CHECK(parsed("a, b, :Defer:  later, c") == "defer later, c");
  CHECK(parsed("a, \":fail: quoted, too\", b") == "fail quoted, too");
  CHECK(parsed(":fail:") == "fail ");
  CHECK(parsed(":blackhole:, a, /dev/null, /dev/nullx") == "blackhole ; address a; blackhole ; file /dev/nullx");
  for (const char* text : {":fail: x, y", ":defer:", ":blackhole:"})
    CHECK(proto::to_string(proto::parse_alias_targets(text).front()) == text);
}

TEST_CASE("alias target: what is none is a mistake, and the others hold") {
  CHECK(parsed("a, b c, d") == "address a; mistake; address d");
  CHECK(parsed("\"open, b") == "mistake");
  CHECK(parsed(":skip: no, :include:relative, a@, a@b@c") == "mistake; mistake; mistake; mistake");
  CHECK(parsed(std::string("a, b\nc\0d, e", 11)) == "address a; mistake; address e");
  CHECK(parsed("\"a\nb\", \xc3\xa4") == "mistake; mistake");
  CHECK(parsed("|x\ny, <a@x.example, b") == "mistake; mistake");
}

}  // namespace mxpress::testing
