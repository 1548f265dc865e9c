// Tests of alias expansion.
#include "mta/routing/aliases.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "mta/config/config.h"
#include "mta/routing/alias_book.h"
#include "mta/routing/alias_watch.h"
#include "tests/support/temp_folder.h"

namespace mxpress::testing {
namespace {

using test::TempFolder;

// A host with a file of aliases.
struct Host {
  explicit Host(const std::string& aliases, const std::string& own = "") {
    std::ofstream(file()) << aliases;
    auto parsed = mta::parse_config("local_domains = [\"here.example\"]\n[local]\nalias_file = \"" + file() + "\"\n" + own, "x.toml");
    INFO((parsed ? "" : parsed.error().message));
    REQUIRE(parsed);
    config = std::move(*parsed);
    config.alias_book = mta::routing::read_aliases(config);
  }
  std::string file(const std::string& name = "aliases") const { return (folder.path() / name).string(); }

  mta::routing::AliasExpansion expand(const std::string& name, std::size_t most = 10'000) const {
    return mta::routing::expand_alias(config, proto::Mailbox::parse(name + "@here.example").value(), most);
  }
  // The targets, without "@here.example", and the reasons for those left out.
  std::string leads(const std::string& name) const {
    const auto expansion = expand(name);
    std::string all;
    for (const auto& mailbox : expansion.mailboxes)
      all += (all.empty() ? "" : " ") + (config.is_local(mailbox.domain()) ? mailbox.local_part() : mailbox.to_string());
    for (const std::string& reason : expansion.refused) all += " [" + reason + "]";
    return all;
  }

  TempFolder folder;
  mta::Config config;
};

}  // namespace

TEST_CASE("aliases: names lead to several targets, one in the other, each mailbox once") {
  const Host host("root: ops, admin@there.example\nops: alice, Bob, admin@there.example\nBOB: bob@away.example\n");
  CHECK(host.leads("Root") == "alice bob@away.example admin@there.example");
  CHECK(host.leads("nobody") == "nobody");
  CHECK(host.leads("postmaster") == "alice bob@away.example admin@there.example");
}

TEST_CASE("aliases: \\user and an alias that names itself mean the user, even through an include") {
  Host host("root: \\root, alice\nalice: alice@here.example, a@there.example\nbob: bob+tag, b@there.example\ncarl: \\bob\n");
  CHECK(host.leads("root") == "root alice a@there.example");
  CHECK(host.leads("bob") == "bob+tag b@there.example");
  CHECK(host.leads("carl") == "bob");
  std::ofstream(host.file("list")) << "team, x@there.example\n";
  const Host including("team: :include:" + host.file("list") + "\n");
  CHECK(including.leads("team") == "team x@there.example");
}

TEST_CASE("aliases: user+tag has the alias of its own, else that of the user; postmaster without one has root's") {
  const Host host("bob: b@away.example\nbob+news: n@away.example, bob\n");
  CHECK(host.leads("bob+x") == "b@away.example");
  CHECK(host.leads("Bob+News") == "n@away.example b@away.example");
  CHECK(host.leads("ann+x") == "ann+x");
  CHECK(host.leads("postmaster") == "root");
  CHECK(Host("postmaster: p\nroot: r\n").leads("postmaster") == "p");
}

TEST_CASE("aliases: those of the configuration come before the file's; \"*\" has who has none") {
  const Host host("root: file\nbob: bob@file.example\n",
                  "aliases = { root = [\"own@there.example\", \"\\\\root\"], \"*\" = [\"root\", \"all@there.example\"] }\n");
  CHECK(host.leads("root") == "own@there.example root");
  CHECK(host.leads("bob") == "bob@file.example");
  CHECK(host.leads("carl") == "own@there.example root all@there.example");
  CHECK(host.expand("carl").caught->local_part() == "carl");
  CHECK_FALSE(host.expand("bob").caught);
  CHECK(Host("", "aliases = { \"*\" = \"a@there.example\" }\n").expand("postmaster").caught->local_part() == "root");
  CHECK(Host("", "aliases = { \"*\" = \"root\" }\n").leads("bob") == "root");
  CHECK(Host("team: a, b\n", "aliases = { \"*\" = \"x@there.example\" }\n").leads("team") == "x@there.example");
}

TEST_CASE("aliases: loops lead nowhere, and say so; what else the aliases have gets the mail") {
  const Host host("one: two\ntwo: one\nthree: four, ann\nfour: three, x@there.example\n");
  CHECK(host.leads("one") == " [the alias two leads to one, which leads back to it]");
  CHECK(host.leads("three") == "x@there.example ann [the alias four leads to three, which leads back to it]");
}

TEST_CASE("aliases: fifty may lead to one another, and no more; as many targets as may be") {
  std::string chain, list = "all: a0@x.example";
  for (int i = 0; i < 60; ++i) chain += "n" + std::to_string(i) + ": n" + std::to_string(i + 1) + "\n";
  for (int i = 1; i < 10'001; ++i) list += ",\n a" + std::to_string(i) + "@x.example";
  const Host host(chain + list + "\n");
  CHECK(host.leads("n11") == "n60");
  CHECK(host.leads("n9") == " [more than 50 aliases lead to one another]");
  CHECK(host.expand("all").is_too_many);
  CHECK(host.expand("all", 10'001).mailboxes.size() == 10'001);
  CHECK(host.expand("n50", 0).is_too_many);
}

TEST_CASE("aliases: with allow_commands a command of the file is a recipient by its number, and the command stays in the file") {
  Host host("a: \"|/bin/x y\", b@there.example, |/bin/z\nb: a, \\b\nc: \"|/bin/x > /y\"\n",
            "allow_commands = true\naliases = { own = \"root\" }\n");
  CHECK(host.leads("a") == "a/1@alias-command.invalid b@there.example a/2@alias-command.invalid");
  CHECK(host.leads("b") == "a/1@alias-command.invalid b@there.example a/2@alias-command.invalid b");
  CHECK_THAT(host.leads("c"), Catch::Contains(":3: no shell reads the command, so that '>' means nothing"));
}

TEST_CASE("aliases: what says :fail: has its line and its words, and so has what says :defer:") {
  const Host host("a: :fail: gone\nb: a, b@there.example\n\nc: :defer:\n  later\nd: :blackhole:, \\d\n");
  const std::string file = host.file();
  CHECK(host.leads("a") == " [" + file + ":1: :fail: gone]");
  CHECK(host.expand("a").fail_words == "gone");
  CHECK(host.leads("b") == "b@there.example [" + file + ":1: :fail: gone]");
  CHECK(host.expand("c").deferred == file + ":4: :defer: later");
  CHECK(host.leads("d") == "d/discard@alias-command.invalid d");
}

TEST_CASE("aliases: commands, files and mistakes are refused, and their lines are named") {
  const Host host("a: |/bin/cmd x, b@there.example\nb: /var/x\n\nc: d e\n");
  const std::string file = host.file();
  CHECK(host.leads("a") == "b@there.example [" + file + ":1: no command is run for mail: |/bin/cmd x]");
  CHECK(host.leads("b") == " [" + file + ":2: mail is not written to a file: /var/x]");
  CHECK(host.leads("c").starts_with(" [" + file + ":4: \"d e\" is no address"));
}

TEST_CASE("aliases: NOTIFY and ORCPT go along with all targets, but SUCCESS with the first alone") {
  const proto::Recipient given{proto::Mailbox::parse("list@here.example").value(), {true, true, true, false}, {}};
  const auto all =
      mta::routing::recipients_of(given, {proto::Mailbox::parse("a@x.example").value(), proto::Mailbox::parse("b@x.example").value()});
  REQUIRE(all.size() == 2);
  CHECK(all[0].notify.success);
  CHECK_FALSE(all[1].notify.success);
  CHECK(all[1].notify.failure);
  CHECK_FALSE(all[1].notify.wants_delay());
  CHECK(all[1].original_recipient == "rfc822;list@here.example");
  const proto::Recipient never{given.mailbox, {.given = true}, "rfc822;x@y.example"};
  CHECK(mta::routing::recipients_of(never, {proto::Mailbox::parse("a@x.example").value()}).front().notify.never());
  CHECK(mta::routing::recipients_of(never, {proto::Mailbox::parse("a@x.example").value()}).front().original_recipient ==
        "rfc822;x@y.example");
}

}  // namespace mxpress::testing
