// Tests of recipients that stand for commands of aliases.
#include "proto/command_recipient.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;

TEST_CASE("command recipient: what is written is read back, whatever the name of the alias") {
  for (const char* name : {"list", "a b", "x/y", "+", "|", "\"q\""}) {
    const AliasCommand command{name, 12};
    const Mailbox mailbox = command_recipient(command);
    CHECK(is_command_recipient(mailbox.domain()));
    CHECK(alias_command(Mailbox::parse(mailbox.to_string()).value()) == command);
  }
  CHECK(command_recipient({"list", 1}).to_string() == "list/1@alias-command.invalid");
}

TEST_CASE("command recipient: one whose mail is thrown away is no command, and the other way round") {
  for (const char* name : {"list", "a b", "x/discard", "*"}) {
    const Mailbox mailbox = discarding_recipient(name);
    CHECK(is_command_recipient(mailbox.domain()));
    CHECK(discarding_alias(Mailbox::parse(mailbox.to_string()).value()) == name);
    CHECK_FALSE(alias_command(mailbox));
  }
  CHECK_FALSE(discarding_alias(command_recipient({"list", 1})));
  CHECK_FALSE(discarding_alias(Mailbox::parse("list/discard@here.example").value()));
}

TEST_CASE("command recipient: nothing else is one") {
  for (const char* address :
       {"list/1@here.example", "list@alias-command.invalid", "/1@alias-command.invalid", "list/0@alias-command.invalid",
        "list/x@alias-command.invalid", "list/1x@alias-command.invalid", "list/99999999999@alias-command.invalid"})
    CHECK_FALSE(alias_command(Mailbox::parse(address).value()));
}
