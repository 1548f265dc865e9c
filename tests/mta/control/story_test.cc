// The output of `mxpress show` for each recipient: the daemon's description of a message, printed.
#include <catch2/catch.hpp>
#include <sstream>

#include "mta/cli/print.h"
#include "mta/control/describe.h"
#include "mta/replies/current_rules.h"
#include "proto/control.pb.h"
#include "tests/support/fake_control.h"

using namespace mxpress;
using namespace mxpress::mta;
using mxpress::testing::at;
using mxpress::testing::make_message;
using queue::RecipientStage;

namespace {

std::string story(const queue::Message& message) {
  std::ostringstream out;
  cli::print_story(out, control::describe(message, at(1000)), at(1000));
  return out.str();
}

proto::HostResult result(proto::Stage stage, proto::EnhancedStatus status, int code, const std::string& text) {
  proto::HostResult result;
  result.stage = stage;
  result.status = status;
  result.reply_code = code;
  result.text = text;
  return result;
}

queue::Message failed(const std::string& sender) {
  queue::Message message = make_message(1, 0, sender, "you@there.example", "x");
  message.recipients[0].stage = RecipientStage::ended;
  message.recipients[0].last = result(proto::Stage::rcpt, {5, 1, 1}, 550, "550 5.1.1 no such user");
  return message;
}

// Still pending after this result.
std::string meaning(const proto::HostResult& last) {
  queue::Message message = make_message(1, 0, "me@here.example", "you@there.example", "x");
  message.recipients[0].attempts = 1;
  message.recipients[0].last = last;
  return story(message);
}

}  // namespace

TEST_CASE("story: after a failure it says who was told, if anybody was") {
  queue::Message message = failed("me@here.example");
  CHECK_THAT(story(message), Catch::Contains("could not be delivered; the sender has been told\n"));
  message.recipients[0].stage = RecipientStage::notice_pending;
  CHECK_THAT(story(message), Catch::Contains("could not be delivered; the sender is being told\n"));
  CHECK_THAT(story(failed("")), Catch::Contains("could not be delivered; nobody is told: it has no sender\n"));
  message = failed("");
  message.recipients[0].expired = true;
  CHECK_THAT(story(message), Catch::Contains("could not be delivered in time; nobody is told: it has no sender\n"));
  message.envelope.is_notice = true;
  CHECK_THAT(story(message), Catch::Contains("could not be delivered in time; it is kept in this host's mailbox\n"));
}

TEST_CASE("story: a sender who wants no notice is told only what the operator returns") {
  queue::Message message = failed("me@here.example");
  message.envelope.recipients[0].notify.given = true;
  CHECK_THAT(story(message), Catch::Contains("could not be delivered; nobody is told: the sender wants no notice (NOTIFY)\n"));
  message.recipients[0].last = result(proto::Stage::local, {5, 0, 0}, 0, "returned to the sender by the operator");
  CHECK_THAT(story(message), Catch::Contains("could not be delivered; the sender has been told\n"));
}

TEST_CASE("story: what was delivered is told so, whether its sender is still to be told or has been") {
  queue::Message message = failed("me@here.example");
  message.recipients[0].stage = RecipientStage::notice_pending;
  message.recipients[0].last = result(proto::Stage::content, {2, 0, 0}, 250, "250 ok");
  CHECK_THAT(story(message), Catch::Contains("To you@there.example: delivered "));
  message.recipients[0].stage = RecipientStage::ended;
  CHECK_THAT(story(message), Catch::Contains("To you@there.example: delivered "));
}

TEST_CASE("story: an alias tells whom the mail was for") {
  queue::Message message = make_message(1, 0, "me@here.example", "admin@there.example", "x");
  message.envelope.recipients[0].original_recipient = "rfc822;root@mail.here.example";
  CHECK_THAT(story(message), Catch::Contains("To admin@there.example (for root@mail.here.example): waits"));
  message.envelope.recipients[0].original_recipient = "rfc822;admin@there.example";
  CHECK_THAT(story(message), Catch::Contains("To admin@there.example: waits"));
}

TEST_CASE("story: a host that refuses to talk is not taken for one that asks to be tried again") {
  const std::string refusal = meaning(result(proto::Stage::greeting, {4, 7, 1}, 554, "554 5.7.1 go away"));
  CHECK_THAT(refusal, Catch::Contains("that means: The mail host refuses to talk to this host at all; the reason is in its reply. mxpress "
                                      "goes on trying until the mail expires.\n"));
  CHECK_THAT(meaning(result(proto::Stage::greeting, {4, 7, 1}, 450, "450 4.7.1 greylisted")),
             Catch::Contains("asks to be tried again later"));
  CHECK_THAT(meaning(result(proto::Stage::greeting, {4, 7, 1}, 450, "450 4.7.1 no")), !Catch::Contains("again later"));
}

TEST_CASE("story: our own host and a blocked port come with what to do about them") {
  CHECK_THAT(meaning(result(proto::Stage::lookup, {5, 4, 6}, 0, "Mail for there.example would come back to this host")),
             Catch::Contains("If this host is to take the domain's mail, add it to local_domains; if not, give it a route.\n"));
  CHECK_THAT(
      meaning(result(proto::Stage::connect, {4, 4, 1}, 0, "connection timed out after 30 s")),
      Catch::Contains("did not answer. If this happens with every host, port 25 is probably blocked by this host's provider, or by a "
                      "firewall on the way.\n"));
  CHECK_THAT(meaning(result(proto::Stage::connect, {4, 4, 1}, 0, "too many open files on this machine")), !Catch::Contains("port 25"));
}

TEST_CASE("story: mail that is held is not said to be tried") {
  queue::Message message = make_message(1, 0, "me@here.example", "you@there.example", "x");
  message.recipients[0].attempts = 1;
  message.recipients[0].last = result(proto::Stage::greeting, {4, 7, 1}, 554, "554 5.7.1 go away");
  CHECK_THAT(story(message), Catch::Contains("goes on trying"));
  message.held = true;
  CHECK_THAT(story(message), !Catch::Contains("goes on trying"));
}

TEST_CASE("story: where a rule is about the reply it says the cause, who has to act, and what to do") {
  const auto rules = std::make_shared<const replies::RuleSet>(replies::parse_rules(replies::kOwnRules, "replies.toml").rules);
  queue::Message message = failed("me@here.example");
  message.recipients[0].last = result(proto::Stage::rcpt, {5, 7, 1}, 554, "554 5.7.1 blocked using bl.spamcop.net");
  control_pb::MessageInfo info = control::describe(message, at(1000));
  control::explain_by(rules.get(), *info.mutable_recipient(0), message, 0);
  std::ostringstream out;
  cli::print_story(out, info, at(1000));
  CHECK_THAT(out.str(), Catch::Contains("  that means: This host's address is listed by SpamCop"));
  CHECK_THAT(out.str(), Catch::Contains("  to act: nobody: it passes by itself (reputation)\n  what to do: Look for unwanted mail"));
  CHECK_THAT(out.str(), Catch::Contains("  see, or write to: https://www.spamcop.net/bl.shtml\n"));
}

TEST_CASE("story: a reply that another message got meets no rule") {
  const auto rules = std::make_shared<const replies::RuleSet>(replies::parse_rules(replies::kOwnRules, "replies.toml").rules);
  queue::Message message = failed("me@here.example");
  message.recipients[0].last =
      proto::for_other_messages(result(proto::Stage::rcpt, {5, 7, 1}, 554, "554 5.7.1 blocked using bl.spamcop.net"), std::nullopt);
  control_pb::MessageInfo info = control::describe(message, at(1000));
  control::explain_by(rules.get(), *info.mutable_recipient(0), message, 0);
  CHECK(info.recipient(0).last().reply_class().empty());
  CHECK(info.recipient(0).last().todo().empty());
}
