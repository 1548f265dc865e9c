// A check against mail hosts in memory.
#include "mta/check/check.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <map>
#include <sstream>

#include "dns/targets.h"
#include "mta/check/own_logins.h"
#include "mta/check/verdict.h"
#include "mta/check/watcher.h"
#include "mta/cli/check_print.h"
#include "mta/config/config.h"
#include "tests/support/mail_host.h"
#include "tests/support/memory_stream.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/temp_folder.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::mta::check;
using mxpress::testing::MailHost;
using mxpress::testing::MemoryConnector;
using mxpress::testing::ScriptedResolver;

namespace {

proto::Mailbox mailbox(const std::string& text) { return proto::Mailbox::parse(text).value(); }

testing::MailHostBehaviour offering(std::vector<std::string> extensions) {
  testing::MailHostBehaviour behaviour;
  behaviour.extensions = std::move(extensions);
  return behaviour;
}

testing::MailHostBehaviour replying(const std::string& stage, const std::string& reply) {
  testing::MailHostBehaviour behaviour;
  behaviour.stages[stage].reply = reply;
  return behaviour;
}

testing::MailHostBehaviour silent_at(const std::string& stage) {
  testing::MailHostBehaviour behaviour;
  behaviour.stages[stage].fault = testing::Fault::hang;
  return behaviour;
}

// An internet in memory.
struct World {
  testing::VirtualTime time;
  asio::io_context io;
  MemoryConnector connector{io.get_executor()};
  ScriptedResolver dns;
  std::map<std::string, MailHost> hosts;
  std::string toml;
  std::string recipient = "bob@there.example", sender = "me@here.example";
  std::string printed;
  BootClock::duration took{};

  World() { dns.mx("there.example", 10, "mx1.there.example").a("mx1.there.example", "192.0.2.1"); }

  MailHost& host(const std::string& address, testing::MailHostBehaviour behaviour = {}, testing::MemoryOptions options = {}) {
    MailHost& host = hosts.emplace(address, MailHost(std::move(behaviour))).first->second;
    connector.serve(
        address, [&host](std::unique_ptr<mta::net::Stream> stream, dns::Target) { return host.serve(std::move(stream)); }, options);
    return host;
  }

  Findings check() {
    auto config = mta::parse_config("hostname = \"mta.here.example\"\n" + toml, "test.toml");
    REQUIRE(config.ok());
    auto shared = std::make_shared<mta::Config>(std::move(*config));
    shared->route_files = readable_route_files(*shared);
    std::mt19937_64 random(1);
    const std::shared_ptr<ScriptedResolver> resolver(&dns, [](ScriptedResolver*) {});
    Means means{shared, resolver, nullptr, connector, {}, random};
    means.servers = {{"192.0.2.53:53", resolver}};
    std::ostringstream out;
    mta::cli::CheckPrinter printer(out);
    Findings findings;
    const BootTime start = BootClock::now();
    bool is_done = false;
    asio::co_spawn(io, check_hosts(std::move(means), {mailbox(recipient), proto::ReversePath(mailbox(sender))}, start, findings, printer),
                   [&](std::exception_ptr error) {
                     if (error) std::rethrow_exception(error);
                     took = BootClock::now() - start;
                     is_done = true;
                   });
    REQUIRE(time.run_until(io, [&] { return is_done; }));
    printed = out.str();
    return findings;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("check: a host is asked up to RCPT, the transaction is reset, and no content is sent") {
  World world;
  MailHost& host = world.host("192.0.2.1:25", offering({"SIZE 1000"}));
  const Findings findings = world.check();
  REQUIRE(findings.hosts.size() == 1);
  CHECK(findings.hosts[0].end == HostEnd::accepted);
  CHECK(judge(findings).kind == Verdict::Kind::accepted);
  CHECK(host.messages().empty());
  REQUIRE(host.commands().size() == 5);
  CHECK(host.commands()[0] == "EHLO mta.here.example");
  CHECK(host.commands()[1].starts_with("MAIL FROM:<me@here.example> SIZE="));
  CHECK(host.commands()[2] == "RCPT TO:<bob@there.example>");
  CHECK(host.commands()[3] == "RSET");
  CHECK(host.commands()[4] == "QUIT");
  CHECK(has(world.printed, "  >>  RCPT TO:<bob@there.example>\n"));
  CHECK(has(world.printed, "192.0.2.53:53: MX 10 mx1.there.example\n"));
}

TEST_CASE("check: all addresses are asked one after the other, and those behind the five of an attempt are told apart") {
  World world;
  for (int i = 2; i <= 14; ++i) world.dns.a("mx1.there.example", "192.0.2." + std::to_string(i));
  world.dns.mx("there.example", 20, "mx2.there.example").a("mx2.there.example", "192.0.2.99");
  const Findings findings = world.check();
  CHECK(findings.hosts.size() == kMostAddresses);
  CHECK(world.connector.attempts().size() == kMostAddresses);
  CHECK(std::count_if(findings.hosts.begin(), findings.hosts.end(), [](const auto& one) { return one.is_in_attempt; }) == 5);
  CHECK(findings.hosts[4].target.host == "mx2.there.example");
  CHECK(judge(findings).kind == Verdict::Kind::waits);
}

TEST_CASE("check: a host without working STARTTLS is asked again in clear text, as a delivery does") {
  World world;
  world.host("192.0.2.1:25", offering({"STARTTLS"}), {.tls = testing::MemoryTls::fails});
  const Findings findings = world.check();
  CHECK(findings.hosts.at(0).end == HostEnd::accepted);
  CHECK(findings.hosts.at(0).tls.reached == mta::net::TlsLevel::clear);
  CHECK(has(world.printed, "once more on a new connection, in clear text"));
}

TEST_CASE("check: hosts that say nothing, or drip without end, take a bounded time") {
  World world;
  world.dns.mx("there.example", 20, "mx2.there.example").a("mx2.there.example", "192.0.2.2");
  world.host("192.0.2.1:25", silent_at("CONNECT"));
  world.host("192.0.2.2:25", silent_at("RCPT"));
  const Findings findings = world.check();
  CHECK(findings.hosts.at(0).end == HostEnd::failed);
  CHECK(findings.hosts.at(1).end == HostEnd::failed);
  CHECK(world.took < std::chrono::minutes(3));
}

TEST_CASE("check: control characters and endless lines of a host reach no output") {
  World world;
  const std::string reply = "250 \x1b[31mred\x07 " + std::string(900, 'x');
  world.host("192.0.2.1:25", replying("RCPT", reply));
  world.check();
  CHECK(world.printed.find('\x1b') == std::string::npos);
  CHECK(world.printed.find('\x07') == std::string::npos);
  CHECK(has(world.printed, R"(<<  250 \x1B[31mred\x07 )"));
}

TEST_CASE("check: no host on loopback is asked, nor one of another domain's choice that a delivery would not use") {
  World world;
  world.dns.forget("mx1.there.example").a("mx1.there.example", "127.0.0.1");
  const Findings findings = world.check();
  CHECK(findings.hosts.empty());
  CHECK(world.connector.attempts().empty());
  CHECK(judge(findings).kind == Verdict::Kind::refused);
}

TEST_CASE("check: a route is taken, and without its password the host is asked up to what it offers for signing in") {
  World world;
  world.toml =
      "route.host = \"relay.example\"\nroute.port = 587\nroute.auth = \"office\"\nroute.tls = \"may\"\n"
      "[credentials.office]\nuser = \"me\"\npassword_file = \"/nonexistent/password\"\n";
  world.dns.a("relay.example", "192.0.2.7");
  MailHost& host = world.host("192.0.2.7:587", offering({"AUTH PLAIN LOGIN"}));
  const Findings findings = world.check();
  CHECK(findings.way == "[route]");
  CHECK(findings.servers.empty());
  CHECK(findings.hosts.at(0).end == HostEnd::no_login);
  CHECK(findings.hosts.at(0).result.text == "it offers AUTH PLAIN LOGIN");
  CHECK(host.commands() == std::vector<std::string>{"EHLO mta.here.example", "QUIT"});
  CHECK(judge(findings).kind == Verdict::Kind::unknown);
  CHECK(has(world.printed, "The mail goes by [route]"));
}

TEST_CASE("check: a sender whose address this user may not use, mail that is held, and mail that stays here ask nobody") {
  World world;
  world.toml = "[sender.\"me@here.example\"]\nusers = [\"root\"]\n";
  CHECK(judge(world.check()).kind == Verdict::Kind::refused);
  world.toml = "";
  world.recipient = "root@mta.here.example";
  const Findings local = world.check();
  CHECK(local.own.is_local);
  CHECK(world.connector.attempts().empty());
  CHECK(world.dns.asked.empty());
}

TEST_CASE("check: mail that is redirected is checked for the address that gets it") {
  World world;
  world.toml = "redirect = \"all@catch.example\"\n";
  world.dns.mx("catch.example", 10, "mx.catch.example").a("mx.catch.example", "192.0.2.8");
  MailHost& host = world.host("192.0.2.8:25");
  CHECK(world.check().recipient == "all@catch.example");
  CHECK(host.commands().size() > 2);
}

TEST_CASE("check: when the time is up, the addresses that were not asked are told apart") {
  World world;
  for (int i = 2; i <= 10; ++i) world.dns.a("mx1.there.example", "192.0.2." + std::to_string(i));
  testing::MailHostBehaviour slow = silent_at("RCPT");
  slow.stages["EHLO"].delay = std::chrono::seconds(50);
  for (int i = 1; i <= 10; ++i) world.host("192.0.2." + std::to_string(i) + ":25", slow);
  const Findings findings = world.check();
  CHECK(findings.is_out_of_time);
  CHECK(world.took < kMostTime + std::chrono::minutes(3));
  CHECK(findings.hosts.back().end == HostEnd::not_tried);
}
