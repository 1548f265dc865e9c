// The display of a message between the mail host's last reply and its record on the disk.
#include <algorithm>
#include <catch2/catch.hpp>

#include "proto/control.pb.h"
#include "tests/support/fake_control.h"
#include "tests/support/mxpress_command.h"
#include "tests/support/simulation.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::cli::ExitCode;
using queue::RecipientStage;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

struct World : Simulation {
  explicit World(const std::string& toml = "") : Simulation(toml) {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    host("192.0.2.1:25", there);
  }
  ~World() {
    commit_again();
    run_for(seconds(1));
  }
  SimulatedHost there;
};

queue::Message delivered(std::uint64_t id) {
  queue::Message message = make_message(id, 1001, "me@here.example", "you@there.example", "x");
  message.recipients[0].stage = RecipientStage::delivered;
  message.recipients[0].attempts = 1;
  message.recipients[0].last = proto::HostResult{};
  message.recipients[0].last->status = {2, 0, 0};
  return message;
}

}  // namespace

TEST_CASE("in flight: what the mail host has taken is not in flight, and leaves the queue when that is on the disk") {
  World world;
  world.there.takes = seconds(30);
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.stop_committing();
  world.run_for(seconds(20));
  REQUIRE(world.status().size() == 1);
  CHECK(world.status()[0].in_flight == 1);
  REQUIRE(world.run_until([&] { return world.load(id).recipients[0].stage == RecipientStage::delivered; }, minutes(1)));
  CHECK(world.queued() == 1);
  REQUIRE(world.status().size() == 1);
  CHECK(world.status()[0].in_flight == 0);
  CHECK(world.status()[0].ending == 1);
  world.commit_again();
  world.run_for(seconds(1));
  CHECK(world.status().empty());
}

TEST_CASE("in flight: the log calls a message delivered when that is on the disk, and not before") {
  World world;
  const auto is_told = [&] {
    return std::any_of(world.log.begin(), world.log.end(), [](const auto& line) { return line.find("outcome=delivered") != line.npos; });
  };
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.stop_committing();
  REQUIRE(world.run_until([&] { return world.load(id).recipients[0].stage == RecipientStage::delivered; }, minutes(1)));
  world.run_for(seconds(5));
  CHECK_FALSE(is_told());
  world.commit_again();
  world.run_for(seconds(1));
  CHECK(is_told());
}

TEST_CASE("in flight: of two recipients of one domain, one refused for now, the message waits and is not in flight") {
  World world;
  world.there.rcpt = [](const std::string& to) { return to.find("slow") != to.npos ? "451 4.7.1 later" : "250 ok"; };
  const auto id = world.submit("me@here.example", {"you@there.example", "slow@there.example"});
  world.stop_committing();
  REQUIRE(world.run_until([&] { return world.load(id).recipients[0].stage == RecipientStage::delivered; }, minutes(1)));
  const auto rows = world.status();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].messages == 1);
  CHECK(rows[0].in_flight == 0);
  CHECK(rows[0].ending == 0);
  CHECK(rows[0].flights.empty());
  CHECK(rows[0].next_try > world.time.wall() + seconds(30));
}

TEST_CASE("in flight: a message whose sender is still to be told is in the queue, and not in flight") {
  World world;
  world.there.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.stop_committing();
  REQUIRE(world.run_until([&] { return world.load(id).recipients[0].stage == RecipientStage::notice_pending; }, minutes(1)));
  const auto rows = world.status();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].messages == 1);
  CHECK(rows[0].in_flight == 0);
}

TEST_CASE("in flight: what was deferred is due again after its outcome is on the disk, not before, and is tried") {
  World world;
  auto refusals = std::make_shared<int>(1);
  world.there.rcpt = [refusals](const std::string&) { return (*refusals)-- > 0 ? "451 4.7.1 later" : "250 ok"; };
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  CHECK(world.status().at(0).in_flight == 0);
  world.run_for(minutes(5));
  CHECK(world.there.received.size() == 1);
  CHECK(world.status().empty());
}

TEST_CASE("in flight: what is kept in this host's mailbox is not in flight either") {
  const test::TempFolder folder;
  World world("spool.directory = \"" + folder.path().string() + "\"\nlocal_domains = [\"here.example\"]\n");
  const auto id = world.submit("me@here.example", {"root@here.example"});
  world.stop_committing();
  REQUIRE(world.run_until([&] { return world.load(id).recipients[0].stage == RecipientStage::delivered; }, minutes(1)));
  REQUIRE(world.status().size() == 1);
  CHECK(world.status()[0].in_flight == 0);
  CHECK(world.status()[0].ending == 1);
}

TEST_CASE("mxpress: a message that has been delivered is shown as ended, and in no list of what waits, before its end is on the disk") {
  FakeControl backend;
  backend.add(delivered(1));
  CHECK(run(backend, {"queue", "--messages"}).out == "The queue is empty.\n");
  CHECK(run(backend, {"mailq"}).out == "Mail queue is empty\n");
  CHECK_THAT(run(backend, {"show", "0000000000001"}).out,
             Catch::StartsWith("Message 0000000000001 (ended)\n") && Catch::Contains("To you@there.example: delivered "));
  CHECK_THAT(run(backend, {"show", "0000000000001", "--json"}).out, Catch::Contains("\"state\":\"ended\""));
  CHECK(run(backend, {"remove", "0000000000001"}).code == ExitCode::nothing_matched);
  CHECK(run(backend, {"wait", "0000000000001"}).code == ExitCode::ok);
  CHECK(backend.acted().empty());
}

TEST_CASE("mxpress: a message of which one recipient has been delivered waits for the other") {
  FakeControl backend;
  queue::Message message = delivered(1);
  message.envelope.recipients.push_back({*proto::Mailbox::parse("other@there.example"), {}, {}});
  message.recipients.emplace_back();
  message.recipients[1].next_try = WallTime::max();
  backend.add(message);
  const auto ran = run(backend, {"mailq"});
  CHECK_THAT(ran.out,
             Catch::Contains("0000000000001  ") && Catch::Contains("other@there.example") && !Catch::Contains("you@there.example"));
  message.recipients[1].stage = RecipientStage::notice_pending;
  backend.add(message);
  CHECK_THAT(run(backend, {"mailq"}).out, Catch::EndsWith("in 1 Request.\n"));
}

TEST_CASE("mxpress queue: a destination whose messages are all done is not said to be in flight") {
  FakeControl backend;
  mta::delivery::DestinationStatus row;
  row.destination = "there.example";
  row.messages = row.ending = 2;
  backend.rows.push_back(row);
  CHECK_THAT(run(backend, {"queue"}).out, Catch::Contains(" done ") && !Catch::Contains("in flight"));
  CHECK_THAT(run(backend, {"queue", "--json"}).out, Catch::Contains("\"in_flight\":0,") && Catch::Contains("\"ending\":2"));
  backend.rows[0].messages = 3;
  CHECK_THAT(run(backend, {"queue"}).out, !Catch::Contains(" done "));
  backend.rows[0].in_flight = 1;
  CHECK_THAT(run(backend, {"queue"}).out, Catch::Contains("in flight"));
}
