// Hosts that refuse mail over one address family, and take it over the other one.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "mta/replies/rule_file.h"
#include "mta/transport/family_memory.h"
#include "mta/transport/session_key.h"
#include "mta/transport/smtp_transport.h"
#include "tests/support/fake_control.h"
#include "tests/support/mail_host.h"
#include "tests/support/memory_stream.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace mxpress::testing;
using namespace std::chrono_literals;
using proto::Outcome;

namespace {

const dns::Target kFour{"mx.there.example", dns::Address{false, {192, 0, 2, 1}}, 25, false};
const dns::Target kSix{"mx.there.example", *dns::Address::parse("2001:db8::1"), 25, false};
const dns::Target kBackupFour{"backup.there.example", dns::Address{false, {192, 0, 2, 2}}, 25, false, 20};
const dns::Target kBackupSix{"backup.there.example", *dns::Address::parse("2001:db8::2"), 25, false, 20};

constexpr std::string_view kRules = R"(
[[rule]]
name = "ptr"
text = "no ptr"
effect = "other_family"
class = "identity"
who = "hosting"
cause = "No PTR record."
[[rule]]
name = "user"
text = "no such user"
class = "recipient"
who = "sender"
cause = "Nobody has this address."
)";

// One domain whose host behaves differently over both families, and attempts of one worker on it.
struct World {
  VirtualTime time;
  asio::io_context io;
  MemoryConnector connector{io.get_executor()};
  MailHost four, six, backup;
  events::Hub events;
  transport::SmtpTransport smtp{{io, connector, events, nullptr}};
  std::shared_ptr<const replies::RuleSet> rules =
      std::make_shared<const replies::RuleSet>(replies::parse_rules(kRules, "replies.toml").rules);
  std::vector<dns::Target> targets = {kSix, kFour};
  std::uint32_t sites = 0;

  World() {
    serve(kFour, four);
    serve(kSix, six);
    serve(kBackupFour, backup);
    serve(kBackupSix, backup);
  }

  void serve(const dns::Target& target, MailHost& host) {
    connector.serve(target.address_text(),
                    [&host](std::unique_ptr<net::Stream> stream, dns::Target) { return host.serve(std::move(stream)); });
  }

  transport::AttemptReport attempt(const std::vector<std::string>& recipients) {
    auto message = std::make_shared<queue::Message>();
    message->envelope.reverse_path = proto::ReversePath(proto::Mailbox::parse("sender@here.example").value());
    transport::Order order;
    for (std::uint32_t i = 0; i < recipients.size(); ++i) {
      message->envelope.recipients.push_back({proto::Mailbox::parse(recipients[i]).value(), {}, {}});
      order.recipients.push_back(i);
    }
    message->recipients.resize(recipients.size());
    message->content = std::make_shared<TextContent>("Subject: hi\r\n\r\nhello\r\n");
    order.message = message;
    order.targets = targets;
    auto config = std::make_shared<mta::Config>();
    config->hostname = "client.example";
    order.config = config;
    order.rules = rules;
    order.terms = transport::usual_terms();
    order.site = ++sites;  // no session is used again
    order.most_connections = 10;
    order.wanted = [] { return true; };
    order.trying = [](const dns::Target&) {};
    std::optional<transport::AttemptReport> report;
    const auto run = [&]() -> Task<void> { report = co_await smtp.deliver(order); };
    asio::co_spawn(io, run, asio::detached);
    REQUIRE(time.run_until(io, [&] { return report.has_value(); }, 1h));
    return std::move(*report);
  }
  // The outcome of each recipient.
  std::vector<Outcome> outcomes(const std::vector<std::string>& recipients) {
    std::vector<Outcome> outcomes;
    for (const auto& result : attempt(recipients).results) outcomes.push_back(result.outcome);
    return outcomes;
  }
};

constexpr const char* kRefusal = "550 5.7.25 no PTR record";

}  // namespace

TEST_CASE("family change: a message that is refused over IPv6 for want of a PTR record is delivered over IPv4 in the same attempt") {
  for (const std::string stage : {"CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."}) {
    CAPTURE(stage);
    World world;
    world.six.behaviour().stages[stage] = {.reply = kRefusal};
    if (stage == "EHLO") world.six.behaviour().stages["HELO"] = {.reply = kRefusal};
    if (stage == "MAIL")
      for (const char* later : {"RCPT", "DATA"}) world.six.behaviour().stages[later] = {.reply = "503 5.5.1 no transaction"};
    CHECK(world.outcomes({"a@there.example"}) == std::vector{Outcome::delivered});
    CHECK(world.six.messages().empty());
    CHECK(world.four.messages().size() == 1);
  }
}

TEST_CASE("family change: recipients that were accepted over the first family are not offered over the second") {
  World world;
  world.six.behaviour().stages["RCPT TO:<b@there.example>"] = {.reply = kRefusal};
  const auto report = world.attempt({"a@there.example", "b@there.example"});
  for (const auto& result : report.results) CHECK(result.outcome == Outcome::delivered);
  REQUIRE(report.attempt.hosts.size() == 3);
  CHECK(report.attempt.hosts[1].result.text == kRefusal);
  REQUIRE(world.four.messages().size() == 1);
  CHECK(world.four.messages()[0].rcpts == std::vector<std::string>{"RCPT TO:<b@there.example>"});
}

TEST_CASE("family change: the family that works comes first in the next attempt") {
  World world;
  world.six.behaviour().stages["RCPT"] = {.reply = kRefusal};
  world.attempt({"a@there.example"});
  CHECK(world.smtp.family_memory().size() == 1);
  world.attempt({"a@there.example"});
  CHECK(world.six.connections() == 1);
  CHECK(world.four.messages().size() == 2);
}

TEST_CASE("family change: without a connection over the other family the outcome stays as it was") {
  World world;
  world.six.behaviour().stages["RCPT"] = {.reply = kRefusal};
  world.four.behaviour().stages["CONNECT"] = {.reply = "", .fault = Fault::close};
  const auto report = world.attempt({"a@there.example"});
  CHECK(report.results[0].outcome == Outcome::failed);
  CHECK(report.results[0].last.text == kRefusal);
  CHECK_FALSE(report.site_failed);
  CHECK(world.smtp.family_memory().size() == 0);
}

TEST_CASE("family change: without an address of the other family nothing changes") {
  World world;
  world.targets = {kSix, kBackupSix};
  world.six.behaviour().stages["RCPT"] = {.reply = kRefusal};
  CHECK(world.outcomes({"a@there.example"}) == std::vector{Outcome::failed});
  CHECK(world.backup.connections() == 0);
}

TEST_CASE("family change: an attempt changes the family once") {
  World world;
  world.targets = {kSix, kFour, kBackupSix, kBackupFour};
  for (MailHost* host : {&world.six, &world.four, &world.backup}) host->behaviour().stages["RCPT"] = {.reply = kRefusal};
  const auto report = world.attempt({"a@there.example"});
  CHECK(report.results[0].outcome == Outcome::failed);
  CHECK(report.results[0].last.address == kFour.address_text());
  CHECK(world.six.connections() + world.four.connections() + world.backup.connections() == 2);
}

TEST_CASE("family change: a reply about the recipient over the other family counts") {
  World world;
  world.six.behaviour().stages["RCPT"] = {.reply = kRefusal};
  world.four.behaviour().stages["RCPT"] = {.reply = "450 4.2.1 come back later"};
  CHECK(world.outcomes({"a@there.example"}) == std::vector{Outcome::deferred});
}

TEST_CASE("family change: other replies, and all replies without rules, have no such effect") {
  World world;
  world.six.behaviour().stages["RCPT"] = {.reply = "550 5.1.1 no such user"};
  CHECK(world.outcomes({"a@there.example"}) == std::vector{Outcome::failed});
  world.six.behaviour().stages["RCPT"] = {.reply = kRefusal};
  world.rules = nullptr;
  CHECK(world.outcomes({"a@there.example"}) == std::vector{Outcome::failed});
  CHECK(world.four.connections() == 0);
}

TEST_CASE("family change: a message that may have been delivered is not sent over the other family for a later refusal") {
  World world;
  world.six.behaviour().stages["."] = {.reply = kRefusal, .fault = Fault::close};
  const auto report = world.attempt({"a@there.example"});
  CHECK(report.results[0].outcome == Outcome::deferred);
  CHECK(report.results[0].last.maybe_delivered);
  CHECK(world.four.connections() == 0);
}

TEST_CASE("family change: at a provider that has no further place the other family has that of the session which was kept") {
  World world;
  const std::string limit = "[[limit]]\nname = \"small\"\nhost = \"mx.there.example\"\nconnections = 1\n";
  world.rules = std::make_shared<const replies::RuleSet>(replies::parse_rules(std::string(kRules) + limit, "replies.toml").rules);
  REQUIRE(world.rules->limits_for("mx.there.example"));
  world.six.behaviour().stages["RCPT"] = {.reply = kRefusal};
  CHECK(world.outcomes({"a@there.example"}) == std::vector<Outcome>{Outcome::delivered});
  CHECK(world.four.messages().size() == 1);
}

TEST_CASE("attempt history: it has the refusal of a recipient beside accepted ones, without a change of family") {
  World world;
  world.targets = {kFour};
  world.four.behaviour().stages["RCPT TO:<nobody@there.example>"] = {"550 5.1.1 no such user"};
  const auto report = world.attempt({"you@there.example", "nobody@there.example", "me@there.example"});
  REQUIRE(report.attempt.hosts.size() == 2);
  CHECK(report.attempt.hosts[0].result.reply_code == 250);
  CHECK(report.attempt.hosts[1].result == report.results[1].last);
  CHECK(report.attempt.hosts[1].result.text == "550 5.1.1 no such user");
}

TEST_CASE("attempt history: recipients that are refused alike make one line") {
  World world;
  world.targets = {kFour};
  world.four.behaviour().stages["RCPT"] = {"550 5.1.1 no such user"};
  CHECK(world.attempt({"you@there.example", "me@there.example"}).attempt.hosts.size() == 1);
}
