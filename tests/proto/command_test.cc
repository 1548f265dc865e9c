// Tests of SMTP commands, read and written.
#include "proto/command.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;

namespace {

AddressRules smtp() { return {*Domain::parse("here.example"), AddressForm::smtp}; }
AddressRules submission() { return {*Domain::parse("here.example"), AddressForm::submission}; }

std::string error_of(const CommandError& error) { return std::to_string(error.code) + " " + error.status.to_string(); }

std::string mail(std::string_view argument, const AddressRules& rules = smtp()) {
  const auto arguments = parse_mail_arguments(argument, rules);
  return arguments ? "<" + arguments->reverse_path.to_string() + ">" : error_of(arguments.error());
}

std::string rcpt(std::string_view argument, const AddressRules& rules = smtp()) {
  const auto recipient = parse_rcpt_arguments(argument, rules);
  return recipient ? "<" + recipient->mailbox.to_string() + ">" : error_of(recipient.error());
}

}  // namespace

TEST_CASE("command: verbs are known in any case, with their argument") {
  CHECK(parse_command("eHlO mx.example\r\n").verb == Verb::ehlo);
  CHECK(parse_command("eHlO mx.example\r\n").argument == "mx.example");
  CHECK(parse_command("MAIL FROM:<>").argument == "FROM:<>");
  CHECK(parse_command("quit  \r\n").verb == Verb::quit);
  CHECK(parse_command("quit  \r\n").argument.empty());
  CHECK(parse_command("STARTTLS").verb == Verb::starttls);
  CHECK(parse_command("bdat 10 last").verb == Verb::bdat);
}

TEST_CASE("command: every other line is unknown") {
  for (const char* line : {"", "\r\n", "MAILFROM:<>", "EHL", "EHLOO x", "\x16\x03\x01", "GET / HTTP/1.1", "DATA\tx"}) {
    CAPTURE(line);
    CHECK(parse_command(line).verb == Verb::unknown);
  }
}

TEST_CASE("command: a hello needs a name of at most 255 octets, and it comes back clean") {
  CHECK(*parse_hello_argument("[192.0.2.1]") == "[192.0.2.1]");
  CHECK(*parse_hello_argument("a\x1b\x01z\xFF") == "az?");
  CHECK(error_of(parse_hello_argument("").error()) == "501 5.5.4");
  CHECK(error_of(parse_hello_argument(std::string(256, 'x')).error()) == "501 5.5.4");
}

TEST_CASE("command: reverse-paths and their errors") {
  const std::pair<const char*, const char*> cases[] = {
      {"FROM:<a@b.example>", "<a@b.example>"},
      {"from:<A@B.example>", "<A@b.example>"},
      {"FROM: <a@b.example>", "<a@b.example>"},
      {"FROM:<>", "<>"},
      {"FROM:<\"a>b\"@c.example>", "<\"a>b\"@c.example>"},
      {"FROM:<\"a\\\"> \"@c.example>", "<\"a\\\"> \"@c.example>"},
      {"FROM:<@x.example,@y.example:a@b.example>", "<a@b.example>"},
      {"FROM:<@[IPv6:2001:db8::1]:a@b.example>", "<a@b.example>"},
      {"FROM:<a@b.example> SIZE=10 BODY=8bitmime RET=full ENVID=q+2B", "<a@b.example>"},
      {"FROM:<a@b.example>  SIZE=10  ", "<a@b.example>"},
      {"", "501 5.5.4"},
      {"FROM", "501 5.5.4"},
      {"FROM:", "501 5.5.4"},
      {"TO:<a@b.example>", "501 5.5.4"},
      {"FROM:<a@b.example", "501 5.5.4"},
      {"FROM:<a@b.example>SIZE=1", "501 5.5.4"},
      {"FROM:<a@b.example> SIZE=1 size=2", "501 5.5.4"},
      {"FROM:<a@b.example> SIZE", "501 5.5.4"},
      {"FROM:<a@b.example> SIZE=", "501 5.5.4"},
      {"FROM:<a@b.example> SIZE=x", "501 5.5.4"},
      {"FROM:<a@b.example> SIZE=-1", "501 5.5.4"},
      {"FROM:<a@b.example> SIZE=123456789012345678901", "501 5.5.4"},
      {"FROM:<a@b.example> RET=SOME", "501 5.5.4"},
      {"FROM:<a@b.example> ENVID=+4", "501 5.5.4"},
      {"FROM:<a@b.example> =x", "501 5.5.4"},
      {"FROM:<a@b.example> A=b=c", "501 5.5.4"},
      {"FROM:<a@b.example> BODY=BINARYMIME", "555 5.5.4"},
      {"FROM:<a@b.example> SMTPUTF8", "555 5.5.4"},
      {"FROM:<a@b.example> NOTIFY=NEVER", "555 5.5.4"},
      {"FROM:a@b.example", "501 5.1.7"},
      {"FROM:<a>", "501 5.1.7"},
      {"FROM:<a b@c.example>", "501 5.1.7"},
      {"FROM:<@x.example>", "501 5.1.7"},
      {"FROM:<@,@:a@b.example>", "501 5.1.7"},
      {"FROM:<a@b..example>", "501 5.1.7"},
      {"FROM:<Postmaster>", "501 5.1.7"},
      {"FROM:<\xC3\xBC@b.example>", "553 5.6.7"},
      {"FROM:<a@b\xC3\xBC.example>", "<a@xn--b-eha.example>"},
  };
  for (const auto& [argument, expected] : cases) {
    CAPTURE(argument);
    CHECK(mail(argument) == expected);
  }
}

TEST_CASE("command: recipients and their errors") {
  const std::pair<const char*, const char*> cases[] = {
      {"TO:<a@b.example>", "<a@b.example>"},
      {"to: <a@b.example> notify=success,DELAY orcpt=rfc822;a+2Bb@c", "<a@b.example>"},
      {"TO:<pOSTmaster>", "<pOSTmaster@here.example>"},
      {"TO:<@x.example:a@b.example>", "<a@b.example>"},
      {"TO:<a@[192.0.2.1]>", "<a@[192.0.2.1]>"},
      {"TO:<>", "501 5.1.3"},
      {"TO:<root>", "501 5.1.3"},
      {"TO:a@b.example", "501 5.1.3"},
      {"TO:<a@b.example> NOTIFY=NEVER,DELAY", "501 5.5.4"},
      {"TO:<a@b.example> NOTIFY=", "501 5.5.4"},
      {"TO:<a@b.example> NOTIFY=SUCCESS,", "501 5.5.4"},
      {"TO:<a@b.example> NOTIFY=DELAY NOTIFY=DELAY", "501 5.5.4"},
      {"TO:<a@b.example> ORCPT=rfc822", "501 5.5.4"},
      {"TO:<a@b.example> ORCPT=;a@b", "501 5.5.4"},
      {"TO:<a@b.example> ORCPT=rfc822;", "501 5.5.4"},
      {"TO:<a@b.example> ORCPT=rfc822;+zz", "501 5.5.4"},
      {"TO:<a@b.example> SIZE=10", "555 5.5.4"},
      {"TO:<a@b.example\r\nDATA>", "501 5.1.3"},
  };
  for (const auto& [argument, expected] : cases) {
    CAPTURE(argument);
    CHECK(rcpt(argument) == expected);
  }
  CHECK(rcpt("TO:<a@b.example> ORCPT=rfc822;" + std::string(500, 'a')) == "501 5.5.4");
  CHECK(mail("FROM:<a@b.example> ENVID=" + std::string(101, 'a')) == "501 5.5.4");
}

TEST_CASE("command: a submission may leave out brackets and domain") {
  CHECK(mail("FROM:root", submission()) == "<root@here.example>");
  CHECK(mail("FROM: a@b.example SIZE=5", submission()) == "<a@b.example>");
  CHECK(mail("FROM:<>", submission()) == "<>");
  CHECK(rcpt("TO:\"odd one\" NOTIFY=NEVER", submission()) == "<\"odd one\"@here.example>");
  CHECK(rcpt("TO:<>", submission()) == "501 5.1.3");
}

TEST_CASE("command: parameters arrive as values") {
  const auto arguments = parse_mail_arguments("FROM:<a@b.example> SIZE=99999999999999999999 BODY=7BIT RET=HDRS ENVID=QQ", smtp());
  REQUIRE(arguments);
  CHECK(arguments->parameters.size == UINT64_MAX);
  CHECK(arguments->parameters.body == BodyType::seven_bit);
  CHECK(arguments->parameters.ret == Return::headers);
  CHECK(arguments->parameters.envid == "QQ");
  CHECK_FALSE(arguments->parameters.require_tls);
  CHECK(parse_mail_arguments("FROM:<a@b.example> RequireTLS SIZE=1", smtp())->parameters.require_tls);
  CHECK(parse_mail_arguments("FROM:<a@b.example> REQUIRETLS=yes", smtp()).error().code == 501);
  CHECK(format_mail(arguments->reverse_path, {.require_tls = true}) == "MAIL FROM:<a@b.example> REQUIRETLS\r\n");
  const auto never = parse_rcpt_arguments("TO:<a@b.example> NOTIFY=NEVER", smtp());
  REQUIRE(never);
  CHECK(never->notify.never());
  const auto some = parse_rcpt_arguments("TO:<a@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x+40y", smtp());
  REQUIRE(some);
  CHECK((some->notify.success && some->notify.failure && !some->notify.delay));
  CHECK(some->original_recipient == "rfc822;x+40y");
}

TEST_CASE("command: written lines have brackets, no space after the colon, only what is set, and CRLF") {
  CHECK(format_mail(ReversePath(), {}) == "MAIL FROM:<>\r\n");
  const ReversePath sender(*Mailbox::parse("a@b.example"));
  CHECK(format_mail(sender, {10, BodyType::eight_bit, Return::headers, "x"}) ==
        "MAIL FROM:<a@b.example> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=x\r\n");
  const Mailbox recipient = *Mailbox::parse("a@b.example");
  CHECK(format_rcpt(recipient, {}) == "RCPT TO:<a@b.example>\r\n");
  CHECK(format_rcpt(recipient, {{true, false, false, false}, ""}) == "RCPT TO:<a@b.example> NOTIFY=NEVER\r\n");
  CHECK(format_rcpt(recipient, {{true, true, false, true}, "rfc822;c@d"}) ==
        "RCPT TO:<a@b.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c@d\r\n");
}

TEST_CASE("command: a malformed or over-long stored parameter never reaches the line") {
  const ReversePath sender(*Mailbox::parse("a@b.example"));
  CHECK(format_mail(sender, {std::nullopt, std::nullopt, Return::unspecified, "x\r\nRCPT TO:<c@d>"}) == "MAIL FROM:<a@b.example>\r\n");
  CHECK(format_mail(sender, {std::nullopt, std::nullopt, Return::unspecified, std::string(101, 'x')}) == "MAIL FROM:<a@b.example>\r\n");
  CHECK(format_rcpt(sender.mailbox(), {{}, "rfc822;a b"}) == "RCPT TO:<a@b.example>\r\n");
  std::string name;
  while (name.size() < 192) name += std::string(63, 'a') + ".";
  const Mailbox longest = *Mailbox::parse(std::string(64, 'a') + "@" + name + std::string(63, 'b'));
  CHECK(format_rcpt(longest, {}).size() <= 512);
  CHECK(format_rcpt(longest, {{true, true, true, true}, "rfc822;" + std::string(493, 'a')}).size() < kMaxCommandLine);
}

TEST_CASE("command: what is written is read back the same") {
  const ReversePath sender(*Mailbox::parse("\"a > b\"@c.example"));
  const std::string line = format_mail(sender, {7, BodyType::eight_bit, Return::full, "id"});
  const Command command = parse_command(line);
  CHECK(command.verb == Verb::mail);
  const auto arguments = parse_mail_arguments(command.argument, smtp());
  REQUIRE(arguments);
  CHECK(arguments->reverse_path == sender);
  CHECK(arguments->parameters.size == 7);
}

TEST_CASE("command: a command with more parameters than there can be is refused without comparing them all") {
  std::string argument = "FROM:<a@b.example>";
  for (int i = 0; i < 17; ++i) argument += " P" + std::to_string(i);
  CHECK(mail(argument) == "555 5.5.4");
}
