// The order of the configured name servers: two real servers on loopback; time is simulated.
#include "dns/name_servers.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <optional>

#include "tests/support/dns_server.h"
#include "tests/support/virtual_time.h"

namespace mxpress::dns {
namespace {

using namespace std::chrono_literals;
using testing::DnsFault;
using testing::DnsServer;

constexpr char kZone[] = R"(
zone .
one.example A 192.0.2.1
two.example A 192.0.2.2
)";

// Both servers know the names; neither answers about mute.example, and the second answers nothing at all until it is told to. Datagrams on
// loopback get two real milliseconds before time jumps.
struct World {
  testing::VirtualTime time;
  asio::io_context io;
  DnsServer first{io.get_executor()}, second{io.get_executor()};
  std::shared_ptr<NameServers> servers;

  World() {
    time.set_socket_grace(2ms);
    first.load(kZone).fault("mute.example", DnsFault::drop);
    second.load(kZone).fault(DnsFault::drop);
    ResolverOptions options;
    for (const DnsServer* server : {&first, &second})
      options.servers.push_back(parse_server("127.0.0.1:" + std::to_string(server->port())).value());
    servers = std::make_shared<NameServers>(options, 1);
  }
  std::shared_ptr<std::optional<Reading>> start(const std::string& name) {
    auto slot = std::make_shared<std::optional<Reading>>();
    asio::co_spawn(io, servers->ask(Question{name, RecordType::a}, servers->deadline(BootClock::now())),
                   [slot](std::exception_ptr error, Reading reading) {
                     if (error) std::rethrow_exception(error);
                     *slot = std::move(reading);
                   });
    return slot;
  }
  // Seconds until the address is found.
  double seconds_to_find(const std::string& name) {
    const BootTime begin = BootClock::now();
    const auto slot = start(name);
    REQUIRE(time.run_until(io, [&] { return slot->has_value(); }, 60s));
    CHECK((*slot)->answer.kind == AnswerKind::found);
    return std::chrono::duration<double>(BootClock::now() - begin).count();
  }
};

TEST_CASE("name servers: one that is silent about a name and answers another question meanwhile is not avoided") {
  World world;
  world.first.fault("one.example", DnsFault::servfail);
  world.second.fault("one.example", DnsFault::none);
  CHECK(world.seconds_to_find("one.example") == 0);  // both have answered something
  world.start("mute.example");
  world.time.run_for(world.io, 2s);
  CHECK(world.seconds_to_find("two.example") == 0);
  world.time.run_for(world.io, 4s);
  CHECK(world.second.seen("mute.example", RecordType::a) == 1);
  CHECK(world.seconds_to_find("two.example") == 0);
}

TEST_CASE("name servers: one that has answered nothing since it was asked is avoided for half a minute") {
  World world;
  world.first.fault("one.example", DnsFault::servfail);
  world.second.fault(DnsFault::none).fault("mute.example", DnsFault::drop);
  CHECK(world.seconds_to_find("one.example") == 0);
  world.time.run_for(world.io, 1s);
  world.start("mute.example");
  world.time.run_for(world.io, 6s);
  CHECK(world.seconds_to_find("two.example") == 0);
  CHECK(world.first.seen("two.example", RecordType::a) == 0);
  world.time.run_for(world.io, 31s);
  CHECK(world.seconds_to_find("two.example") == 0);
  CHECK(world.first.seen("two.example", RecordType::a) == 1);
}

TEST_CASE("name servers: one that is silent about a name is asked before those that have never answered") {
  World world;
  world.start("mute.example");
  world.time.run_for(world.io, 6s);
  CHECK(world.seconds_to_find("two.example") == 0);
  CHECK(world.second.seen().size() == 1);
}

TEST_CASE("name servers: one that says REFUSED, since it may only be full, is asked again after a second") {
  World world;
  world.first.fault(DnsFault::refused);
  world.second.fault(DnsFault::refused);
  const auto slot = world.start("one.example");
  world.time.run_for(world.io, 500ms);
  world.first.fault(DnsFault::none);
  const BootTime begin = BootClock::now();
  REQUIRE(world.time.run_until(world.io, [&] { return slot->has_value(); }, 60s));
  CHECK(BootClock::now() - begin == 500ms);
  CHECK((*slot)->answer.kind == AnswerKind::found);
}

TEST_CASE("name servers: when one says REFUSED the next is asked at once, and when it is silent the first again after its time-out") {
  World world;
  world.first.fault(DnsFault::refused);
  world.second.fault(DnsFault::none).fault("one.example", DnsFault::drop);
  CHECK(world.seconds_to_find("two.example") == 0);
  const auto slot = world.start("one.example");
  world.time.run_for(world.io, 4s);
  world.first.fault(DnsFault::none);
  REQUIRE(world.time.run_until(world.io, [&] { return slot->has_value(); }, 2s));
  CHECK((*slot)->answer.kind == AnswerKind::found);
}

TEST_CASE("name servers: the answer says that one has refused, and not where all were silent") {
  World world;
  world.first.fault(DnsFault::refused);
  const auto slot = world.start("one.example");
  REQUIRE(world.time.run_until(world.io, [&] { return slot->has_value(); }, 60s));
  CHECK((*slot)->answer.kind == AnswerKind::failed);
  CHECK((*slot)->answer.is_refused);
  CHECK(world.first.seen("one.example", RecordType::a) == 2);
  world.first.fault(DnsFault::drop);
  const auto silent = world.start("one.example");
  REQUIRE(world.time.run_until(world.io, [&] { return silent->has_value(); }, 60s));
  CHECK_FALSE((*silent)->answer.is_refused);
}

}  // namespace
}  // namespace mxpress::dns
