// Hosts whose replies do not match the commands: no recipient fails by a reply that may belong to another.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>

#include "mta/smtp/client.h"
#include "mta/transport/session_key.h"
#include "mta/transport/smtp_transport.h"
#include "mta/transport/step_memory.h"
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

const dns::Target kTarget{"mx.there.example", dns::Address{false, {192, 0, 2, 1}}, 25, false};

// One host, and attempts of one worker on it.
struct World {
  VirtualTime time;
  asio::io_context io;
  MemoryConnector connector{io.get_executor()};
  MailHost host;
  events::Hub events;
  transport::SmtpTransport smtp{{io, connector, events, nullptr}};
  std::uint32_t sites = 0;

  World() {
    connector.serve(kTarget.address_text(),
                    [this](std::unique_ptr<net::Stream> stream, dns::Target) { return host.serve(std::move(stream)); });
  }

  std::vector<Outcome> attempt(const std::vector<std::string>& recipients) {
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
    order.targets = {kTarget};
    auto config = std::make_shared<mta::Config>();
    config->hostname = "client.example";
    order.config = config;
    order.terms = transport::usual_terms();
    order.site = ++sites;  // no session is used again
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

}  // namespace

TEST_CASE(
    "delivery out of step: a host that sends one reply too many is asked again one command at a time, and each recipient has its own "
    "answer") {
  World world;
  world.host.behaviour().stages["RCPT TO:<a@there.example>"] = {.reply = "250 ok\r\n250 ok", .times = 1};
  world.host.behaviour().stages["RCPT TO:<b@there.example>"] = {.reply = "550 5.1.1 no such user"};
  CHECK(world.attempt({"a@there.example", "b@there.example"}) == std::vector{Outcome::delivered, Outcome::failed});
  CHECK(world.host.connections() == 2);
  REQUIRE(world.host.messages().size() == 1);
  CHECK(world.host.messages()[0].rcpts == std::vector<std::string>{"RCPT TO:<a@there.example>"});
  CHECK(world.smtp.step_memory().pipelining_for(
            kTarget, queue::Instant(std::chrono::duration_cast<Duration>(BootClock::now().time_since_epoch()))) == smtp::Pipelining::never);
}

TEST_CASE("delivery out of step: a host that does so each time fails nobody") {
  World world;
  world.host.behaviour().stages["RCPT TO:<a@there.example>"] = {.reply = "250 ok\r\n250 ok"};
  world.host.behaviour().stages["RCPT TO:<b@there.example>"] = {.reply = "550 5.1.1 no such user"};
  CHECK(world.attempt({"a@there.example", "b@there.example"}) == std::vector{Outcome::deferred, Outcome::deferred});
  CHECK(world.host.connections() == 2);
  CHECK(world.host.messages().empty());
}

TEST_CASE("delivery out of step: a refusal of DATA by a host that is in step fails all, over one connection") {
  World world;
  world.host.behaviour().stages["DATA"] = {.reply = "554 5.6.0 no"};
  CHECK(world.attempt({"a@there.example", "b@there.example"}) == std::vector{Outcome::failed, Outcome::failed});
  CHECK(world.host.connections() == 1);
  CHECK(world.smtp.step_memory().size() == 0);
}

TEST_CASE("step memory: holds a bounded number of hosts, each by name and address, for a day") {
  transport::StepMemory memory;
  const queue::Instant now{std::chrono::hours(1)};
  for (std::size_t i = 0; i < transport::StepMemory::kLimit + 5; ++i) {
    dns::Target target = kTarget;
    target.host = "mx" + std::to_string(i) + ".example";
    memory.remember(target, now);
  }
  CHECK(memory.size() == transport::StepMemory::kLimit);
  dns::Target target = kTarget;
  target.host = "mx1000.example";
  CHECK(memory.pipelining_for(target, now) == smtp::Pipelining::never);
  CHECK(memory.pipelining_for(target, now + transport::StepMemory::kRemember) == smtp::Pipelining::where_offered);
  target.host = "mx0.example";
  CHECK(memory.pipelining_for(target, now) == smtp::Pipelining::where_offered);
  CHECK(memory.pipelining_for(kTarget, now) == smtp::Pipelining::where_offered);
}
