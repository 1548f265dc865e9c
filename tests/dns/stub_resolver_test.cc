// The stub resolver against a real server on loopback with all kinds of faults; time is simulated.
#include "dns/stub_resolver.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <optional>
#include <random>

#include "dns/targets.h"
#include "tests/support/dns_server.h"
#include "tests/support/virtual_time.h"

namespace mxpress::dns {
namespace {

using namespace std::chrono_literals;
using testing::DnsFault;
using testing::DnsServer;

constexpr char kZone[] = R"(
zone .
. NS ns.root.example
a.example MX 10 mx.a.example
mx.a.example A 192.0.2.1
mx.a.example AAAA 2001:db8::1
alias.example CNAME a.example
loop1.example CNAME loop2.example
loop2.example CNAME loop1.example
zero.example 0 A 192.0.2.5
txt.example TXT hello world
)";

// Servers and a resolver on one loop. Datagrams on loopback get two real milliseconds before time jumps.
struct World {
  testing::VirtualTime time;
  asio::io_context io;
  std::vector<std::unique_ptr<DnsServer>> servers;
  StubConfig config;
  std::optional<StubResolver> resolver;

  explicit World(int count = 1) {
    time.set_socket_grace(2ms);
    for (int i = 0; i < count; ++i) {
      servers.push_back(std::make_unique<DnsServer>(io.get_executor()));
      servers.back()->load(kZone);
      config.options.servers.push_back(parse_server("127.0.0.1:" + std::to_string(servers.back()->port())).value());
    }
  }
  DnsServer& server(std::size_t i = 0) { return *servers[i]; }
  std::string address(std::size_t i = 0) { return config.options.servers[i].to_string(); }

  // Starts a question; the slot is filled when it is answered.
  std::shared_ptr<std::optional<Answer>> start(const std::string& name, RecordType type) {
    if (!resolver) resolver.emplace(io.get_executor(), config, 1);
    auto slot = std::make_shared<std::optional<Answer>>();
    asio::co_spawn(io, resolver->resolve(Question{name, type}), [slot](std::exception_ptr error, Answer answer) {
      if (error) std::rethrow_exception(error);
      *slot = std::move(answer);
    });
    return slot;
  }
  Answer ask(const std::string& name, RecordType type) {
    const auto slot = start(name, type);
    REQUIRE(time.run_until(io, [&] { return slot->has_value(); }, 120s));
    return **slot;
  }
};

TEST_CASE("stub resolver: finds records and says who said so") {
  World world;
  const Answer answer = world.ask("A.Example.", RecordType::mx);
  REQUIRE(answer.kind == AnswerKind::found);
  REQUIRE(answer.mx.size() == 1);
  CHECK(answer.mx[0].host == "mx.a.example");
  CHECK(answer.mx[0].preference == 10);
  CHECK(answer.server == world.address());
  CHECK(answer.ttl == 300s);
  CHECK(world.ask("mx.a.example", RecordType::aaaa).addresses.at(0).to_string() == "2001:db8::1");
  CHECK(world.ask("txt.example", RecordType::txt).texts.at(0) == "hello world");
  CHECK(world.server().seen()[0].edns);
}

TEST_CASE("stub resolver: an alias is followed and named") {
  World world;
  const Answer answer = world.ask("alias.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::found);
  CHECK(answer.canonical_name == "a.example");
}

TEST_CASE("stub resolver: an alias that leads out of the answer is followed by another question") {
  World world;
  world.servers[0] = std::make_unique<DnsServer>(world.io.get_executor());
  world.config.options.servers[0].port = world.server().port();
  world.server().zone("one.example").zone("two.example").add("x.one.example", "CNAME", "y.two.example");
  world.server().add("y.two.example", "A", "192.0.2.7").fault("y.two.example", DnsFault::none);
  world.server().set_recursive(false);
  CHECK(world.ask("x.one.example", RecordType::a).addresses.at(0).to_string() == "192.0.2.7");
}

TEST_CASE("stub resolver: a loop of aliases ends as a failure") {
  World world;
  const Answer answer = world.ask("loop1.example", RecordType::a);
  CHECK(answer.kind == AnswerKind::failed);
  CHECK_THAT(answer.text, Catch::Contains("CNAME"));
}

TEST_CASE("stub resolver: no record of the type is no data, no name is no such name") {
  World world;
  CHECK(world.ask("a.example", RecordType::a).kind == AnswerKind::no_data);
  const Answer answer = world.ask("nowhere.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::no_such_name);
  CHECK(answer.text == "NXDOMAIN from " + world.address());
  CHECK(answer.ttl == 60s);
}

TEST_CASE("stub resolver: answers are kept for their time to live, and not longer") {
  World world;
  world.ask("a.example", RecordType::mx);
  world.time.run_for(world.io, 100s);
  CHECK(world.ask("a.example", RecordType::mx).ttl == 200s);
  CHECK(world.server().seen("a.example", RecordType::mx) == 1);
  world.time.run_for(world.io, 201s);
  world.ask("a.example", RecordType::mx);
  CHECK(world.server().seen("a.example", RecordType::mx) == 2);
}

TEST_CASE("stub resolver: a time to live of zero is not kept") {
  World world;
  world.ask("zero.example", RecordType::a);
  world.ask("zero.example", RecordType::a);
  CHECK(world.server().seen("zero.example", RecordType::a) == 2);
}

TEST_CASE("stub resolver: SERVFAIL, REFUSED, NOTIMP, garbage, lameness and silence lead to the next server") {
  for (const DnsFault fault : {DnsFault::servfail, DnsFault::refused, DnsFault::not_implemented, DnsFault::garbage, DnsFault::lame,
                               DnsFault::drop, DnsFault::reset_tcp}) {
    World world(2);
    world.server(0).fault(fault);
    const Answer answer = world.ask("a.example", RecordType::mx);
    INFO(static_cast<int>(fault));
    CHECK(answer.kind == AnswerKind::found);
    CHECK(answer.server == world.address(1));
  }
}

TEST_CASE("stub resolver: when every server fails the text names each and what it said") {
  World world(2);
  world.server(0).fault(DnsFault::servfail);
  world.server(1).fault(DnsFault::drop);
  const BootTime start = BootClock::now();
  const Answer answer = world.ask("a.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::failed);
  CHECK(answer.text == "SERVFAIL from " + world.address(0) + "; no answer within 5 s from " + world.address(1));
  CHECK(BootClock::now() - start == 10s);
  CHECK(world.server(0).seen().size() == 1);
  CHECK(world.server(1).seen().size() == 2);
}

TEST_CASE("stub resolver: no question takes longer than the total time") {
  World world(3);
  for (const auto& server : world.servers) server->fault(DnsFault::drop);
  world.config.options.total = 12s;
  const BootTime start = BootClock::now();
  CHECK(world.ask("a.example", RecordType::mx).kind == AnswerKind::failed);
  CHECK(BootClock::now() - start == 12s);
}

TEST_CASE("stub resolver: a configured timeout and number of attempts go over the file's") {
  World world;
  world.server().fault(DnsFault::drop);
  world.config.timeout = 2s;
  world.config.attempts = 1;
  const BootTime start = BootClock::now();
  world.ask("a.example", RecordType::mx);
  CHECK(BootClock::now() - start == 2s);
}

TEST_CASE("stub resolver: a server that was silent is asked last for a while") {
  World world(2);
  world.server(0).fault(DnsFault::drop);
  world.ask("a.example", RecordType::mx);
  const BootTime start = BootClock::now();
  world.ask("mx.a.example", RecordType::a);
  CHECK(BootClock::now() == start);
  world.server(0).fault(DnsFault::none);
  world.time.run_for(world.io, 31s);
  CHECK(world.ask("mx.a.example", RecordType::aaaa).server == world.address(0));
}

TEST_CASE("stub resolver: an answer that comes after the time-out of its try counts while another try is under way") {
  World world;
  world.server().fault(DnsFault::slow);
  world.server().set_delay(3s);
  world.config.timeout = 2s;
  world.config.attempts = 2;
  const BootTime start = BootClock::now();
  const Answer answer = world.ask("a.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::found);
  CHECK(BootClock::now() - start == 3s);
  CHECK(world.server().seen().size() == 2);
}

TEST_CASE("stub resolver: a slow first server answers while the second is silent") {
  World world(2);
  world.server(0).fault(DnsFault::slow);
  world.server(0).set_delay(6s);
  world.server(1).fault(DnsFault::drop);
  const Answer answer = world.ask("a.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::found);
  CHECK(answer.server == world.address(0));
  CHECK(world.server(0).seen().size() == 1);
}

TEST_CASE("stub resolver: a SERVFAIL of the second server does not end the wait for a slow first one") {
  World world(2);
  world.server(0).fault(DnsFault::slow);
  world.server(0).set_delay(7s);
  world.server(1).fault(DnsFault::servfail);
  const BootTime start = BootClock::now();
  const Answer answer = world.ask("a.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::found);
  CHECK(BootClock::now() - start == 7s);
  CHECK(world.server(1).seen().size() == 1);
}

TEST_CASE("stub resolver: a late NXDOMAIN counts as one in time does") {
  World world;
  world.server().fault("nowhere.example", DnsFault::slow);
  world.server().set_delay(3s);
  world.config.timeout = 2s;
  CHECK(world.ask("nowhere.example", RecordType::mx).kind == AnswerKind::no_such_name);
}

TEST_CASE("stub resolver: a server that answers late is not avoided afterwards") {
  World world(2);
  world.server(0).fault(DnsFault::slow);
  world.server(0).set_delay(6s);
  world.server(1).fault(DnsFault::drop);
  world.ask("a.example", RecordType::mx);
  world.server(0).fault(DnsFault::none);
  CHECK(world.ask("mx.a.example", RecordType::a).server == world.address(0));
  CHECK(world.server(1).seen().size() == 1);
}

TEST_CASE("stub resolver: a closed port is a failure, not a wait") {
  World world;
  const std::string gone = world.address();
  world.servers.clear();
  const BootTime start = BootClock::now();
  const Answer answer = world.ask("a.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::failed);
  CHECK_THAT(answer.text, Catch::Contains("refused from " + gone));
  CHECK(BootClock::now() == start);
}

TEST_CASE("stub resolver: a forged answer with a wrong id or another question is ignored and the wait goes on") {
  for (const DnsFault fault : {DnsFault::wrong_id, DnsFault::wrong_question}) {
    World world;
    world.server().fault(fault);
    const Answer answer = world.ask("mx.a.example", RecordType::a);
    REQUIRE(answer.kind == AnswerKind::found);
    REQUIRE(answer.addresses.size() == 1);
    CHECK(answer.addresses[0].to_string() == "192.0.2.1");
  }
}

TEST_CASE("stub resolver: records of another name in the answer are not believed") {
  World world;
  world.server().fault(DnsFault::unrelated);
  const Answer answer = world.ask("mx.a.example", RecordType::a);
  REQUIRE(answer.addresses.size() == 1);
  CHECK(answer.addresses[0].to_string() == "192.0.2.1");
}

TEST_CASE("stub resolver: a truncated answer is fetched by TCP from the same server") {
  World world(2);
  world.server(0).fault(DnsFault::truncated);
  const Answer answer = world.ask("a.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::found);
  REQUIRE(world.server(0).seen().size() == 2);
  CHECK(world.server(0).seen()[1].tcp);
  CHECK(world.server(1).seen().empty());
}

TEST_CASE("stub resolver: an answer of 300 records arrives whole") {
  World world;
  world.server().fault(DnsFault::truncated);
  for (int i = 0; i < 300; ++i) world.server().add("big.example", "MX", std::to_string(i) + " mx" + std::to_string(i) + ".big.example");
  CHECK(world.ask("big.example", RecordType::mx).mx.size() == 300);
}

TEST_CASE("stub resolver: an answer of more than 16 KiB is a failure that says so") {
  World world;
  world.server().fault(DnsFault::truncated);
  for (int i = 0; i < 1000; ++i) world.server().add("big.example", "MX", std::to_string(i) + " mx" + std::to_string(i) + ".big.example");
  const Answer answer = world.ask("big.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::failed);
  CHECK(answer.text.find("octets, which is too long (TCP)") != std::string::npos);
}

TEST_CASE("stub resolver: FORMERR is tried once more without EDNS at the same server") {
  World world;
  world.server().fault(DnsFault::no_edns);
  CHECK(world.ask("a.example", RecordType::mx).kind == AnswerKind::found);
  REQUIRE(world.server().seen().size() == 2);
  CHECK_FALSE(world.server().seen()[1].edns);
}

TEST_CASE("stub resolver: an empty answer without SOA from a server that does not recurse is a failure, not no data") {
  World world;
  world.server().fault(DnsFault::lame);
  const Answer answer = world.ask("a.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::failed);
  CHECK_THAT(answer.text, Catch::Contains("referral"));
}

TEST_CASE("stub resolver: a server that denies every name, the root included, is not believed") {
  World world;
  world.server().fault(DnsFault::nxdomain);
  const Answer answer = world.ask("a.example", RecordType::mx);
  CHECK(answer.kind == AnswerKind::failed);
  CHECK_THAT(answer.text, Catch::Contains("NXDOMAIN") && Catch::Contains("not believed"));
}

TEST_CASE("stub resolver: a server that has no data for any name, the root included, is not believed about addresses") {
  World world;
  world.server().fault(DnsFault::no_data);
  for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
    const Answer answer = world.ask("a.example", type);
    CHECK(answer.kind == AnswerKind::failed);
    CHECK_THAT(answer.text, Catch::Contains("not believed"));
  }
  CHECK(world.ask("a.example", RecordType::mx).kind == AnswerKind::no_data);
  world.server().fault(DnsFault::none);
  world.time.run_for(world.io, 1min);
  CHECK(world.ask("a.example", RecordType::a).kind == AnswerKind::no_data);
}

TEST_CASE("stub resolver: a name that is denied by NODATA has no mail host, as one that is denied by NXDOMAIN") {
  for (const DnsFault denial : {DnsFault::none, DnsFault::compact_denial}) {
    World world;
    world.server().fault(denial);
    std::mt19937_64 random(1);
    const TargetRules rules;  // must outlive the coroutine
    for (const std::string name : {"nowhere.example", "x.a.example", "loop3.example"}) {
      std::optional<Targets> targets;
      if (!world.resolver) world.resolver.emplace(world.io.get_executor(), world.config, 1);
      asio::co_spawn(world.io, find_targets(*world.resolver, *proto::Domain::parse(name), rules, random),
                     [&](std::exception_ptr, Targets found) { targets = std::move(found); });
      REQUIRE(world.time.run_until(world.io, [&] { return targets.has_value(); }, 120s));
      CHECK(targets->kind == TargetsKind::failed_permanently);
      CHECK(targets->status.to_string() == "5.1.2");
    }
  }
}

TEST_CASE("stub resolver: a server that found something within ten minutes is believed when it denies a name") {
  World world;
  world.ask("a.example", RecordType::mx);
  world.ask("nowhere.example", RecordType::mx);
  CHECK(world.server().seen("", RecordType::ns) == 0);
  world.time.run_for(world.io, 11min);
  CHECK(world.ask("nowhere.example", RecordType::mx).kind == AnswerKind::no_such_name);
  CHECK(world.server().seen("", RecordType::ns) == 1);
}

TEST_CASE("stub resolver: a server with nothing but its zone is believed about names in it") {
  World world;
  world.servers[0] = std::make_unique<DnsServer>(world.io.get_executor());
  world.config.options.servers[0].port = world.server().port();
  world.server().zone("only.example");
  world.server().set_recursive(false);
  CHECK(world.ask("nobody.only.example", RecordType::mx).kind == AnswerKind::no_such_name);
  CHECK(world.ask("nobody.other.example", RecordType::mx).kind == AnswerKind::failed);
}

TEST_CASE("stub resolver: the AD bit counts from loopback") {
  World world;
  CHECK_FALSE(world.ask("a.example", RecordType::mx).authenticated);
  world.server().set_authenticated(true);
  CHECK(world.ask("mx.a.example", RecordType::a).authenticated);
}

TEST_CASE("stub resolver: the same question in flight is asked once and answered to all") {
  World world;
  world.server().fault(DnsFault::slow);
  const auto first = world.start("a.example", RecordType::mx);
  const auto second = world.start("A.EXAMPLE", RecordType::mx);
  const auto other = world.start("mx.a.example", RecordType::a);
  REQUIRE(world.time.run_until(world.io, [&] { return *first && *second && *other; }));
  CHECK((*second)->mx.size() == 1);
  CHECK(world.server().seen("a.example", RecordType::mx) == 1);
  CHECK(world.server().seen().size() == 2);
}

TEST_CASE("stub resolver: rotate spreads the questions over the servers") {
  World world(2);
  world.config.options.rotate = true;
  world.ask("a.example", RecordType::mx);
  world.ask("mx.a.example", RecordType::a);
  CHECK(world.server(0).seen().size() == 1);
  CHECK(world.server(1).seen().size() == 1);
}

TEST_CASE("stub resolver: use-vc asks by TCP from the start") {
  World world;
  world.config.options.use_vc = true;
  CHECK(world.ask("a.example", RecordType::mx).kind == AnswerKind::found);
  REQUIRE(world.server().seen().size() == 1);
  CHECK(world.server().seen()[0].tcp);
}

TEST_CASE("stub resolver: a failure is remembered for seconds only") {
  World world;
  world.server().fault(DnsFault::servfail);
  world.ask("a.example", RecordType::mx);
  world.ask("a.example", RecordType::mx);
  CHECK(world.server().seen().size() == 1);
  world.server().fault(DnsFault::none);
  world.time.run_for(world.io, 6s);
  CHECK(world.ask("a.example", RecordType::mx).kind == AnswerKind::found);
}

TEST_CASE("stub resolver: a name that cannot be asked for fails without a question") {
  World world;
  CHECK(world.ask(std::string(64, 'x') + ".example", RecordType::a).kind == AnswerKind::failed);
  CHECK(world.ask("a..example", RecordType::a).kind == AnswerKind::failed);
  CHECK(world.server().seen().empty());
}

TEST_CASE("stub resolver: resolv.conf is followed when it changes") {
  World world;
  char path[] = "/tmp/mxpress-resolv-XXXXXX";
  const int file = mkstemp(path);
  REQUIRE(file >= 0);
  close(file);
  const auto write = [&](const std::string& text) { std::ofstream(path) << text; };
  write("nameserver 192.0.2.53\n");
  world.config.resolv_conf = path;
  world.resolver.emplace(world.io.get_executor(), world.config, 1);
  CHECK(world.resolver->servers() == std::vector<std::string>{"192.0.2.53:53"});
  write("nameserver 2001:db8::53\nnameserver 192.0.2.54\n");
  world.time.run_for(world.io, 4s);
  CHECK(world.resolver->servers() == std::vector<std::string>{"[2001:db8::53]:53", "192.0.2.54:53"});
  std::remove(path);
  world.time.run_for(world.io, 4s);
  CHECK(world.resolver->servers() == std::vector<std::string>{"127.0.0.1:53"});
}

TEST_CASE("stub resolver: destroying it leaves questions in flight to end as they would") {
  World world;
  world.server().fault(DnsFault::slow);
  const auto first = world.start("a.example", RecordType::mx);
  const auto second = world.start("a.example", RecordType::mx);
  world.io.poll();
  world.resolver.reset();
  REQUIRE(world.time.run_until(world.io, [&] { return *first && *second; }));
  CHECK((*first)->kind == AnswerKind::found);
}

TEST_CASE("stub resolver: destroying the loop with questions in flight is safe") {
  testing::VirtualTime time;
  std::optional<asio::io_context> io(std::in_place);
  DnsServer server(io->get_executor());
  server.zone("").fault(DnsFault::drop);
  StubConfig config;
  config.options.servers.push_back(parse_server("127.0.0.1:" + std::to_string(server.port())).value());
  auto resolver = std::make_optional<StubResolver>(io->get_executor(), config, 1);
  for (int i = 0; i < 3; ++i) asio::co_spawn(*io, resolver->resolve(Question{"a.example", RecordType::a}), asio::detached);
  io->poll();
  CHECK(server.seen().size() <= 1);
  resolver.reset();
}

}  // namespace
}  // namespace mxpress::dns
