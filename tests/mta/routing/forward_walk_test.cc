// Tests of following ~/.forward files.
#include "mta/routing/forward_walk.h"

#include <catch2/catch.hpp>
#include <map>

#include "mta/config/config.h"

namespace mxpress::testing {
namespace {

// A host with users and the texts of their files. There are no other users; a user who "hangs" cannot be asked.
struct Host {
  explicit Host(std::map<std::string, std::string> forwards, const std::string& aliases = "") : files(std::move(forwards)) {
    auto parsed =
        mta::parse_config("local_domains = [\"here.example\"]\n[local]\nalias_file = \"\"\naliases = { " + aliases + " }\n", "x.toml");
    INFO((parsed ? "" : parsed.error().message));
    REQUIRE(parsed);
    config = std::move(*parsed);
  }

  mta::routing::ForwardTargets follow(const std::string& name) {
    mta::routing::ForwardWalk walk(config, proto::Mailbox::parse(name + "@here.example").value(), files.at(name.substr(0, name.find('+'))));
    asked = 0;
    while (const auto user = walk.next()) {
      REQUIRE(++asked <= 1000);
      const auto file = files.find(*user);
      if (file == files.end())
        walk.is_unknown();
      else if (file->second == "hangs")
        walk.cannot_tell();
      else if (file->second.empty())
        walk.has_no_file(*user == "odd" ? "/home/odd/.forward is odd" : "");
      else
        walk.has_file(file->second);
    }
    return walk.take();
  }
  // Users whose own .forward is followed later have a "?", own mailboxes a "!".
  std::string leads(const std::string& name) {
    const auto found = follow(name);
    std::string all;
    for (const auto& [mailbox, is_final] : found.targets) {
      const bool is_local = config.is_local(mailbox.domain());
      all += (all.empty() ? "" : " ") + (is_local ? mailbox.local_part() + (is_final ? "!" : "?") : mailbox.to_string());
    }
    for (const std::string& reason : found.left_out) all += " [" + reason + "]";
    if (!found.deferred.empty()) all += " deferred: " + found.deferred;
    return found.is_too_many ? "too many" : all;
  }

  std::map<std::string, std::string> files;
  mta::Config config;
  int asked = 0;
};

std::string many(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "u" + std::to_string(i) + "@there.example\n";
  return text;
}

}  // namespace

TEST_CASE("forward walk: addresses by lines and commas, comments, quotes and names") {
  Host host({{"bob", "# mine\na@there.example, \"b c\"@there.example\n\nCarl <c@there.example> (home)\n"}});
  CHECK(host.leads("bob") == "a@there.example \"b c\"@there.example c@there.example");
  CHECK(host.asked == 0);
}

TEST_CASE("forward walk: \\user and the own address mean the own mailbox, with the tag that was given") {
  for (const char* own : {"\\bob", "bob", "Bob@here.example", "\"\\\\bob\"", "bob+other"}) {
    Host host({{"bob", std::string("a@there.example\n") + own + "\n"}});
    CHECK(host.leads("bob") == "a@there.example bob!");
    CHECK(host.leads("bob+x") == "a@there.example bob+x!");
  }
}

TEST_CASE("forward walk: nothing but comments is no forwarding") {
  Host host({{"bob", "# away\n\n , \n"}});
  CHECK(host.leads("bob") == "bob!");
}

TEST_CASE("forward walk: users of this host have their own file followed, each once") {
  Host host({{"bob", "carol, dave, carol@here.example, x@there.example"}, {"carol", "\\carol, dave"}, {"dave", ""}});
  CHECK(host.leads("bob") == "carol! dave! x@there.example");
  CHECK(host.asked == 2);
}

TEST_CASE("forward walk: a loop ends in the mailbox of the user whom it leads back to") {
  Host host({{"bob", "carol"}, {"carol", "dave, eve@there.example"}, {"dave", "carol"}, {"one", "two"}, {"two", "one"}});
  CHECK(host.leads("bob") == "carol! eve@there.example");
  CHECK(host.leads("one") == "one!");
}

TEST_CASE("forward walk: aliases stand before the files of users, but not before the own mailbox") {
  Host host({{"bob", "team"}, {"carol", "bob"}, {"dave", "\\carol"}, {"erin", "erin, postmaster"}},
            "team = [\"bob\", \"t@there.example\"], carol = \"c@there.example\", erin = \"e@there.example\", root = \"erin\"");
  CHECK(host.leads("bob") == "bob! t@there.example");
  CHECK(host.leads("erin") == "erin! e@there.example");
  CHECK(host.leads("dave") == "bob! t@there.example");  // \carol: the user herself, even if she has an alias
  host.files["dave"] = "carol";
  CHECK(host.leads("dave") == "c@there.example");
}

TEST_CASE("forward walk: for what cannot be followed the own mailbox has the mail, and the reason is told, but not the line") {
  Host host({{"bob", "\"|/usr/bin/vacation bob\"\n/home/bob/mail\n:include:/etc/list\na@@b\nnobody\nodd\nx@there.example\n"}, {"odd", ""}});
  CHECK(host.leads("bob") ==
        "bob! odd! x@there.example [~bob/.forward:1: no command is run for mail] "
        "[~bob/.forward:2: mail is not written to a file] [~bob/.forward:3: a ~/.forward includes no file] "
        "[~bob/.forward:4: this is no address] "
        "[~bob/.forward: no user nobody on this host] "
        "[/home/odd/.forward is odd]");
}

TEST_CASE("forward walk: a file names no command of an alias, but the alias") {
  Host host({{"bob", "list/1@alias-command.invalid, x@there.example\n"}});
  CHECK(host.leads("bob") ==
        "bob! x@there.example [~bob/.forward:1: list/1@alias-command.invalid: a command gets mail by its alias alone]");
}

TEST_CASE("forward walk: users whose files cannot be known now keep a try of their own, and hold nobody up") {
  Host host({{"bob", "carol, dave, \\bob, x@there.example"}, {"carol", "hangs"}, {"dave", ""}});
  CHECK(host.leads("bob") == "carol? dave? bob! x@there.example");
  CHECK(host.asked == 1);
}

TEST_CASE("forward walk: more than 1,000 targets are too many, in one file and in all") {
  Host host({{"bob", many(1000)}, {"carol", many(1001)}, {"dave", "bob, more@there.example"}, {"erin", many(10'000)}});
  CHECK(host.follow("bob").targets.size() == 1000);
  CHECK(host.leads("carol") == "too many");
  CHECK(host.leads("dave") == "too many");
  CHECK(host.leads("erin") == "too many");
}

TEST_CASE("forward walk: a large alias that is named again and again is not expanded without end") {
  std::string targets, again;
  for (int i = 0; i < 900; ++i) targets += (i == 0 ? "\"u" : ", \"u") + std::to_string(i) + "@there.example\"";
  for (int i = 0; i < 1000; ++i) again += "staff+" + std::to_string(i) + "\n";
  Host host({{"bob", "staff"}, {"carol", again}}, "staff = [" + targets + "]");
  CHECK(host.follow("bob").targets.size() == 900);
  CHECK(host.leads("carol") == "too many");
}

TEST_CASE("forward walk: of users who all forward to all others each is asked once") {
  std::map<std::string, std::string> files;
  std::string all;
  for (int i = 0; i < 60; ++i) all += "v" + std::to_string(i) + "\n";
  for (int i = 0; i < 60; ++i) files["v" + std::to_string(i)] = all;
  Host host(files);
  CHECK(host.follow("v0").targets.size() == 60);  // each names itself
  CHECK(host.asked == 59);
}

TEST_CASE("forward walk: a chain is followed 100 files far, the rest has a try of its own") {
  std::map<std::string, std::string> files;
  std::string all = "\\v0\n";
  for (int i = 1; i <= 150; ++i) {
    files["v" + std::to_string(i)] = "w" + std::to_string(i) + "@there.example";
    all += "v" + std::to_string(i) + "\n";
  }
  files["v0"] = all;
  Host host(files);
  const auto found = host.follow("v0");
  CHECK(host.asked == 99);
  CHECK(found.targets.size() == 151);
}

}  // namespace mxpress::testing
