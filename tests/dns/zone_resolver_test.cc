// The servers of a zone are asked before any cache, and the usual resolver if they cannot be reached.
#include "dns/zone_resolver.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <optional>

#include "tests/support/dns_server.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/virtual_time.h"

namespace mxpress::dns {
namespace {

using namespace std::chrono_literals;
using testing::DnsFault;
using testing::DnsServer;

constexpr char kName[] = "s1._domainkey.here.example";

// The usual resolver knows an old state; two name servers of the zone on loopback. Their port is one, so their addresses differ.
struct World {
  testing::VirtualTime time;
  asio::io_context io;
  std::shared_ptr<testing::ScriptedResolver> usual = std::make_shared<testing::ScriptedResolver>();
  std::unique_ptr<DnsServer> first = std::make_unique<DnsServer>(io.get_executor(), "127.0.0.1");
  std::unique_ptr<DnsServer> second = std::make_unique<DnsServer>(io.get_executor(), "127.0.0.2", first->port());
  ZoneResolver resolver{usual, 1, first->port()};

  World() {
    time.set_socket_grace(2ms);
    for (DnsServer* server : {first.get(), second.get()}) {
      server->zone("here.example");
      server->set_recursive(false);
    }
    usual->ns("here.example", "ns1.here.example").ns("here.example", "ns2.here.example");
    usual->a("ns1.here.example", "127.0.0.1").a("ns2.here.example", "127.0.0.2");
  }

  Answer ask(const std::string& name = kName) {
    std::optional<Answer> got;
    asio::co_spawn(io, resolver.resolve(Question{name, RecordType::txt}), [&](std::exception_ptr error, Answer answer) {
      if (error) std::rethrow_exception(error);
      got = std::move(answer);
    });
    REQUIRE(time.run_until(io, [&] { return got.has_value(); }, 5min));
    return *got;
  }
  bool was_asked(const std::string& name) const {
    return std::any_of(usual->asked.begin(), usual->asked.end(), [&](const Question& question) { return question.name == name; });
  }
};

}  // namespace

TEST_CASE("zone resolver: what the zone's servers have is seen, and no cache is asked for a name that may not be there yet") {
  World world;
  for (DnsServer* server : {world.first.get(), world.second.get()}) server->add(kName, "TXT", "new");
  const Answer answer = world.ask();
  CHECK(answer.kind == AnswerKind::found);
  CHECK(answer.texts == std::vector<std::string>{"new"});
  CHECK_FALSE(world.was_asked(kName));
  CHECK_FALSE(world.was_asked("_domainkey.here.example"));
}

TEST_CASE("zone resolver: a record is there once all servers have it") {
  World world;
  world.first->add(kName, "TXT", "new");
  CHECK(world.ask().kind == AnswerKind::no_such_name);
  world.second->add(kName, "TXT", "new");
  CHECK(world.ask().kind == AnswerKind::found);
}

TEST_CASE("zone resolver: a server that does not answer, or knows nothing of the zone, has no say") {
  World world;
  world.second->add(kName, "TXT", "new");
  world.first->fault(DnsFault::drop);
  CHECK(world.ask().texts == std::vector<std::string>{"new"});
  world.first->fault(DnsFault::lame);
  CHECK(world.ask().texts == std::vector<std::string>{"new"});
}

TEST_CASE("zone resolver: the usual resolver answers where no server does, or none can be found") {
  World world;
  world.usual->txt(kName, "old");
  world.first->fault(DnsFault::drop);
  world.second->fault(DnsFault::drop);
  CHECK(world.ask().texts == std::vector<std::string>{"old"});
  const std::size_t seen = world.first->seen().size();
  CHECK(world.ask().texts == std::vector<std::string>{"old"});
  CHECK(world.first->seen().size() == seen);  // port 53 seems to be closed: not asked again for some minutes
  world.usual->txt("s1._domainkey.other.example", "other");
  CHECK(world.ask("s1._domainkey.other.example").texts == std::vector<std::string>{"other"});
}

TEST_CASE("zone resolver: an alias that leads out of the zone is followed") {
  World world;
  for (DnsServer* server : {world.first.get(), world.second.get()}) server->add(kName, "CNAME", "key.provider.example");
  world.usual->txt("key.provider.example", "theirs");
  CHECK(world.ask().texts == std::vector<std::string>{"theirs"});
}

}  // namespace mxpress::dns
