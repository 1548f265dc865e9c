// The two instances of libunbound; it is the real one, and runs in real time.
#include "dns/validation_lanes.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <optional>

#include "tests/support/dns_server.h"

namespace mxpress::dns {
namespace {

using testing::DnsFault;
using testing::DnsServer;
using namespace std::chrono_literals;
using proto::ShareOwner;

const ShareOwner kOne = ShareOwner::user(1), kOther = ShareOwner::user(2);

// A name server without signatures: what it answers is bogus.
struct World {
  asio::io_context io;
  DnsServer server;
  std::shared_ptr<ValidationLanes> lanes;
  std::string address;

  World() : server(io.get_executor(), "127.0.0.11") {
    server.zone("").add("quick.example", "MX", "10 mx.example");
    address = "127.0.0.11:" + std::to_string(server.port());
    const Anchors anchors{"", {". IN DS 1 13 2 " + std::string(64, 'A')}};
    auto opened = ValidationLanes::open(io.get_executor(), {{parse_server(address).value()}, "", anchors});
    REQUIRE(opened.ok());
    lanes = std::move(*opened);
  }
  ~World() { lanes->close(); }

  void ask(const std::string& name, const ShareOwner& owner, std::optional<ValidatedAnswer>& answer, BootTime deadline) {
    asio::co_spawn(io, lanes->ask({name, RecordType::mx}, std::nullopt, owner, deadline),
                   [&answer](std::exception_ptr error, ValidatedAnswer found) {
                     if (error) std::rethrow_exception(error);
                     answer = std::move(found);
                   });
  }
  ValidatedAnswer await(std::optional<ValidatedAnswer>& answer) {
    while (!answer && io.run_one_for(60s) != 0) {
    }
    REQUIRE(answer.has_value());
    return *answer;
  }
  static BootTime in(Duration time) { return BootClock::now() + time; }
};

TEST_CASE("validation lanes: a question ends at its deadline, and with the lanes") {
  World world;
  world.server.fault(DnsFault::drop);
  std::optional<ValidatedAnswer> late, given_up, after;
  world.ask("a.example", kOne, late, World::in(50ms));
  CHECK(world.await(late).answer.kind == AnswerKind::failed);
  CHECK(late->answer.text == "no answer within 1 s from " + world.address);
  world.ask("b.example", kOne, given_up, World::in(60s));
  while (world.server.seen("b.example", RecordType::mx) == 0) world.io.run_one_for(10s);
  world.lanes->close();
  CHECK(world.await(given_up).answer.text == "the question to the DNS was given up");
  world.ask("c.example", kOne, after, World::in(60s));
  CHECK(world.await(after).answer.text == "the question to the DNS was given up");
}

TEST_CASE("validation lanes: of an owner's silent domains two are asked for at a time, and another owner is answered meanwhile") {
  World world;
  std::vector<std::optional<ValidatedAnswer>> never(40);
  std::optional<ValidatedAnswer> answer;
  const auto name = [](std::size_t i) { return "n" + std::to_string(i) + ".silent.example"; };
  for (std::size_t i = 0; i < never.size(); ++i) world.server.fault(name(i), DnsFault::drop);
  for (std::size_t i = 0; i < never.size(); ++i) world.ask(name(i), kOne, never[i], World::in(60s));
  world.ask("quick.example", kOther, answer, World::in(60s));
  CHECK(world.await(answer).is_bogus);
  std::size_t asked = 0;
  for (std::size_t i = 0; i < never.size(); ++i) asked += world.server.seen(name(i), RecordType::mx) > 0 ? 1 : 0;
  CHECK(asked == 2);
}

TEST_CASE("validation lanes: what finds no place in the quick lane goes to the other one") {
  World world;
  std::optional<ValidatedAnswer> never[2], answer;
  for (const char* name : {"a.silent.example", "b.silent.example"}) world.server.fault(name, DnsFault::drop);
  world.ask("a.silent.example", kOne, never[0], World::in(60s));
  world.ask("b.silent.example", kOne, never[1], World::in(60s));
  world.ask("quick.example", kOne, answer, World::in(60s));
  CHECK(world.await(answer).is_bogus);
  CHECK_FALSE(never[0].has_value());
}

TEST_CASE("validation lanes: a question that is asked beside another one shares its place") {
  World world;
  std::vector<std::optional<ValidatedAnswer>> never(3);
  std::optional<ValidatedAnswer> answer;
  const auto name = [](std::size_t i) { return "n" + std::to_string(i) + ".silent.example"; };
  for (std::size_t i = 0; i < never.size(); ++i) {
    world.server.fault(name(i), DnsFault::drop);
    asio::co_spawn(world.io, world.lanes->ask({name(i), RecordType::mx}, Question{name(i), RecordType::ds}, kOne, World::in(60s)),
                   [&never, i](std::exception_ptr, ValidatedAnswer found) { never[i] = std::move(found); });
  }
  world.ask("quick.example", kOther, answer, World::in(60s));
  CHECK(world.await(answer).is_bogus);
  for (std::size_t i = 0; i < 2; ++i) CHECK(world.server.seen(name(i), RecordType::ds) > 0);
  CHECK(world.server.seen(name(2), RecordType::mx) + world.server.seen(name(2), RecordType::ds) == 0);
}

}  // namespace
}  // namespace mxpress::dns
