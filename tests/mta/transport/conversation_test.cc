// Dialogues of attempts: those that fail are told to the history, and each has what is about its own message.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>

#include "mta/events/followers.h"
#include "mta/history/record.h"
#include "mta/smtp/client.h"
#include "mta/transport/session_key.h"
#include "mta/transport/smtp_transport.h"
#include "proto/dialogue.h"
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

const dns::Target kFirst{"mx1.there.example", dns::Address{false, {192, 0, 2, 1}}, 25, false};
const dns::Target kSecond{"mx2.there.example", dns::Address{false, {192, 0, 2, 2}}, 25, false};

std::string text_of(const proto::HostDialogue& dialogue) {
  constexpr std::string_view kMarks = "CSTN";
  std::string text;
  for (const auto& line : dialogue.lines) text += std::string(1, kMarks[static_cast<std::size_t>(line.from)]) + ": " + line.text + "\n";
  return text;
}

struct Keeper final : events::Sink {
  struct Kept {
    std::uint64_t message;
    std::int64_t uid;
    std::vector<proto::HostDialogue> hosts;
  };
  std::vector<Kept> all;
  std::string_view name() const override { return "keeper"; }
  void take(const events::Event& event) override {
    if (const auto* one = std::get_if<events::Conversed>(&event))
      all.push_back({one->message.value, one->uid, proto::parse_dialogues(one->dialogue)});
  }
};

// Two hosts of one site, and attempts of one worker.
struct World {
  VirtualTime time;
  asio::io_context io;
  MemoryConnector connector{io.get_executor()};
  MailHost host;
  Keeper keeper;
  events::Followers followers;
  events::Hub events{{&keeper, &followers}};
  transport::SmtpTransport smtp{{io, connector, events, nullptr, 1, 0, {}, &followers}};
  std::vector<dns::Target> targets{kFirst};
  std::uint64_t messages = 0;

  World() {
    connector.serve(kFirst.address_text(),
                    [this](std::unique_ptr<net::Stream> stream, dns::Target) { return host.serve(std::move(stream)); });
  }

  std::vector<Outcome> attempt(const std::vector<std::string>& recipients) {
    auto message = std::make_shared<queue::Message>();
    message->id = {++messages};
    message->envelope.submitter.uid = 1001;
    message->envelope.reverse_path = proto::ReversePath(proto::Mailbox::parse("sender@here.example").value());
    transport::Order order;
    for (std::uint32_t i = 0; i < recipients.size(); ++i) {
      message->envelope.recipients.push_back({proto::Mailbox::parse(recipients[i]).value(), {}, {}});
      order.recipients.push_back(i);
    }
    message->recipients.resize(recipients.size());
    message->content = std::make_shared<TextContent>("Subject: hi\r\n\r\nour secret content\r\n");
    order.message = message;
    order.targets = targets;
    auto config = std::make_shared<mta::Config>();
    config->hostname = "client.example";
    order.config = config;
    order.terms = transport::usual_terms();
    order.site = 1;
    order.most_connections = 10;
    order.wanted = [] { return true; };
    order.trying = [](const dns::Target&) {};
    std::optional<transport::AttemptReport> report;
    const auto run = [&]() -> Task<void> { report = co_await smtp.deliver(order); };
    asio::co_spawn(io, run, asio::detached);
    REQUIRE(time.run_until(io, [&] { return report.has_value(); }, 1h));
    std::vector<Outcome> outcomes;
    for (const auto& result : report->results) outcomes.push_back(result.outcome);
    return outcomes;
  }
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::vector<events::Followed> all_of(events::Follower& follower) {
  std::vector<events::Followed> all;
  while (auto one = follower.next(0ms)) all.push_back(std::move(*one));
  return all;
}

}  // namespace

TEST_CASE("conversation: of a delivery nothing is kept") {
  World world;
  CHECK(world.attempt({"a@there.example"}) == std::vector{Outcome::delivered});
  CHECK(world.keeper.all.empty());
}

TEST_CASE("conversation: of a partial refusal the whole dialogue is kept, without content") {
  World world;
  world.host.behaviour().stages["RCPT TO:<b@there.example>"] = {.reply = "550 5.1.1 no such user"};
  CHECK(world.attempt({"a@there.example", "b@there.example"}) == std::vector{Outcome::delivered, Outcome::failed});
  REQUIRE(world.keeper.all.size() == 1);
  const auto& kept = world.keeper.all.front();
  CHECK(kept.message == 1);
  CHECK(kept.uid == 1001);
  REQUIRE(kept.hosts.size() == 1);
  CHECK(kept.hosts[0].host == "mx1.there.example");
  CHECK(kept.hosts[0].address == "192.0.2.1:25");
  const std::string text = text_of(kept.hosts[0]);
  INFO(text);
  CHECK(text.starts_with("S: 220 mx.there.example ESMTP\nC: EHLO client.example\n"));
  CHECK(has(text, "C: RCPT TO:<b@there.example>"));
  CHECK(has(text, "S: 550 5.1.1 no such user\n"));
  CHECK(has(text, " octets of content]\nS: 250"));
  CHECK_FALSE(has(text, "secret"));
}

TEST_CASE("conversation: of a refusal at the dot the dialogue is kept") {
  World world;
  world.host.behaviour().stages["."] = {.reply = "554 5.7.1 looks like spam"};
  CHECK(world.attempt({"a@there.example"}) == std::vector{Outcome::failed});
  REQUIRE(world.keeper.all.size() == 1);
  CHECK(has(text_of(world.keeper.all[0].hosts.at(0)), "octets of content]\nS: 554 5.7.1 looks like spam\n"));
}

TEST_CASE("conversation: on a connection that is used again a message has nothing of the one before") {
  World world;
  CHECK(world.attempt({"alice@there.example"}) == std::vector{Outcome::delivered});
  world.host.behaviour().stages["RCPT"] = {.reply = "450 4.2.0 later"};
  CHECK(world.attempt({"bob@there.example"}) == std::vector{Outcome::deferred});
  CHECK(world.host.connections() == 1);
  REQUIRE(world.keeper.all.size() == 1);
  const std::string text = text_of(world.keeper.all[0].hosts.at(0));
  INFO(text);
  CHECK(has(text, "S: 220 mx.there.example ESMTP\n"));
  CHECK(has(text, "N: [the connection was open; what follows is about this message]\n"));
  CHECK(has(text, "bob@there.example"));
  CHECK_FALSE(has(text, "alice"));
}

TEST_CASE("conversation: each host that was tried is there, with the reason why there was no connection") {
  World world;
  world.targets = {kSecond, kFirst};
  world.connector.refuse(kSecond.address_text(), "connection refused");
  world.host.behaviour().stages["CONNECT"] = {.reply = "554 5.7.1 go away"};
  CHECK(world.attempt({"a@there.example"}) == std::vector{Outcome::deferred});
  REQUIRE(world.keeper.all.size() == 1);
  std::string all;
  for (const auto& host : world.keeper.all[0].hosts) all += host.host + " " + host.address + "\n" + text_of(host);
  INFO(all);
  CHECK(world.keeper.all[0].hosts.size() == 2);
  CHECK(has(all, "mx2.there.example 192.0.2.2:25\nN: connection refused\n"));
  CHECK(has(all, "mx1.there.example 192.0.2.1:25\nS: 554 5.7.1 go away\n"));
}

TEST_CASE("conversation: a host that closes or says nothing is told as it was") {
  World world;
  world.host.behaviour().stages["DATA"] = {.reply = "", .fault = Fault::close};
  CHECK(world.attempt({"a@there.example"}) == std::vector{Outcome::deferred});
  REQUIRE(world.keeper.all.size() == 1);
  const std::string text = text_of(world.keeper.all[0].hosts.at(0));
  INFO(text);
  CHECK(has(text, "N: connection closed by the mail host while waiting for the reply to DATA\n"));
}

TEST_CASE("conversation: a debugger hears the next attempt, and its end") {
  World world;
  world.attempt({"alice@there.example"});
  auto follower = world.followers.follow({{}, "", "there.example", -1}, events::Follower::Kind::debugger, -1);
  REQUIRE(follower);
  world.attempt({"bob@elsewhere.example"});
  world.attempt({"bob@there.example"});
  const auto all = all_of(**follower);
  REQUIRE(all.size() > 5);
  CHECK(all[0].kind == events::Followed::Kind::host);
  CHECK(all[0].text == "mx1.there.example[192.0.2.1:25]");
  std::string text;
  for (const auto& one : all) {
    CHECK(one.message == proto::QueueId{3});
    text += one.text + "\n";
  }
  INFO(text);
  CHECK(has(text, "220 mx.there.example ESMTP\nEHLO client.example\n"));
  CHECK(has(text, "RCPT TO:<bob@there.example>"));
  CHECK_FALSE(has(text, "alice"));
  CHECK_FALSE(has(text, "elsewhere"));
  world.attempt({"bob@there.example"});  // another attempt is not its business
  CHECK(all_of(**follower).empty());
  world.followers.leave(*follower);
  CHECK_FALSE(world.followers.has_debuggers());
}

TEST_CASE("conversation: a debugger of a user hears attempts of his own mail alone") {
  World world;
  auto other = world.followers.follow({{}, "", "there.example", 1002}, events::Follower::Kind::debugger, 1002);
  auto own = world.followers.follow({{}, "", "there.example", 1001}, events::Follower::Kind::debugger, 1001);
  REQUIRE(other);
  REQUIRE(own);
  world.attempt({"bob@there.example"});
  CHECK(all_of(**other).empty());
  CHECK(all_of(**own).size() > 5);
}

TEST_CASE("conversation: a debugger that does not read is no memory without bound") {
  World world;
  auto follower = world.followers.follow({{}, "", "there.example", -1}, events::Follower::Kind::debugger, -1);
  REQUIRE(follower);
  std::string flood = "250-mx";
  for (int i = 0; i < 900; ++i) flood += "\r\n250-" + std::string(60, 'x');
  world.host.behaviour().stages["EHLO"] = {.reply = flood + "\r\n250 HELP"};
  CHECK(world.attempt({"bob@there.example"}) == std::vector{Outcome::delivered});
  CHECK((*follower)->take_lost() > 100);
  CHECK(all_of(**follower).size() < 500);
}
