// A host that accepts few recipients at a time, in virtual time.
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using queue::RecipientStage;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

struct World : Simulation {
  SimulatedHost there;
  World() {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    host("192.0.2.1:25", there);
  }
};

}  // namespace

TEST_CASE("simulation: 552 to the first RCPT of a further transaction defers, because the host has accepted others of the message") {
  World world;
  int refusals = 2;
  world.there.rcpt = [&refusals](const std::string& recipient) {
    const bool is_refused = recipient == "<b@there.example>" && refusals > 0;
    if (is_refused) --refusals;
    return is_refused ? std::string("552 5.5.3 too many recipients") : std::string("250 2.1.5 ok");
  };
  const auto id = world.submit("me@here.example", {"a@there.example", "b@there.example"});
  world.run_for(seconds(5));
  REQUIRE(refusals == 0);
  const auto message = world.load(id);
  CHECK(message.recipients[0].stage == RecipientStage::delivered);
  CHECK(message.recipients[1].stage == RecipientStage::pending);
  REQUIRE(message.recipients[1].last);
  CHECK(message.recipients[1].last->reply_code == 552);
  CHECK(message.recipients[1].last->status.klass == 4);
  world.run_for(minutes(2));
  CHECK(world.there.received.size() == 2);
  CHECK(world.load(id).recipients[1].stage == RecipientStage::delivered);
}

TEST_CASE("simulation: 552 to the only recipient is a refusal") {
  World world;
  world.there.rcpt = [](const std::string&) { return std::string("552 5.2.3 message too large for this mailbox"); };
  const auto id = world.submit("me@here.example", {"b@there.example"});
  world.run_for(seconds(5));
  CHECK(world.load(id).recipients[0].stage != RecipientStage::pending);
}
