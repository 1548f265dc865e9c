// Sinks that fail cost nobody anything; intake and operators tell what they do once it is durable.
#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "mta/control/service.h"
#include "mta/events/hub.h"
#include "mta/events/log_sink.h"
#include "mta/system/log.h"
#include "proto/control.pb.h"
#include "tests/support/fake_control.h"
#include "tests/support/server_house.h"
#include "tests/support/steps.h"

using namespace mxpress;
using namespace mxpress::mta;
using events::Event;
using events::Hub;
using testing::make_message;
using Lines = std::vector<std::string>;

namespace {

class Broken final : public events::Sink {
 public:
  std::string_view name() const override { return "broken"; }
  void take(const Event&) override { throw std::runtime_error("cannot"); }
};

class Full final : public events::Sink {
 public:
  std::string_view name() const override { return "full"; }
  void take(const Event&) override { ++dropped_; }
  std::uint64_t dropped() const override { return dropped_; }

 private:
  std::uint64_t dropped_ = 0;
};

class Counting final : public events::Sink {
 public:
  std::string_view name() const override { return "counting"; }
  void take(const Event&) override { ++taken; }
  int taken = 0;
};

control_pb::Request act_on(control_pb::Action action, std::uint64_t id) {
  control_pb::Request request;
  request.mutable_act()->set_action(action);
  request.mutable_act()->mutable_selector()->add_id(queue::QueueId{id}.to_string());
  return request;
}

const std::string kLetter =
    "HELO c.example\r\nMAIL FROM:<me@here.example>\r\nRCPT TO:<you@there.example>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n";

// What intake tells when this letter comes over the socket of local users.
Lines told_of_letter(testing::IntakeHouse& house) {
  Lines steps;
  house.events.also = [&](const Event& event) { std::visit(testing::Steps(steps), event); };
  const int client = house.connect_unix();
  testing::write_everything(client, kLetter);
  testing::read_until(client, "221 ");
  house.close();
  ::close(client);
  return steps;
}

}  // namespace

TEST_CASE("events: a sink that throws or drops costs the other sinks nothing, and what each lost is counted") {
  std::vector<std::string> log;
  capture_log([](const LogLine& line, void* lines) { static_cast<std::vector<std::string>*>(lines)->push_back(line.text()); }, &log);
  Broken broken;
  Full full;
  Counting counting;
  Hub hub({&broken, &full, &counting});
  for (int i = 0; i < 3; ++i) hub.emit(events::Unreadable{{1}, "torn"});
  capture_log(nullptr, nullptr);
  CHECK(counting.taken == 3);
  const auto losses = hub.losses();
  REQUIRE(losses.size() == 3);
  CHECK(losses[0].sink == "broken");
  CHECK(losses[0].events == 3);
  CHECK(losses[1].events == 3);
  CHECK(losses[2].events == 0);
  REQUIRE(log.size() == 1);  // the first failure
  CHECK_THAT(log[0], Catch::Contains("broken") && Catch::Contains("cannot"));
}

TEST_CASE("events: a message is accepted once it is stored, and one that is not stored was not") {
  testing::IntakeHouse house;
  CHECK(told_of_letter(house) == Lines{"accepted 1 of uid " + std::to_string(::geteuid())});
  testing::IntakeHouse full;
  full.spool.cannot_store = Error::transient("disk full");
  CHECK(told_of_letter(full).empty());
}

TEST_CASE("events: what an operator does is told with his uid, and what does not happen is not") {
  testing::FakeControl backend;
  for (std::uint64_t id = 1; id <= 5; ++id) backend.add(make_message(id, 0, "me@here.example", "you@there.example", "x"));
  backend.effects[{5}] = delivery::ActionEffect::unknown;
  Lines steps;
  backend.events.also = [&](const Event& event) { std::visit(testing::Steps(steps), event); };
  const auto act = [&](control_pb::Action action, std::uint64_t id) {
    control::answer_control(act_on(action, id), {1000, true, false}, backend, WallTime(), [](const control_pb::Response&) { return true; });
  };
  act(control_pb::HOLD, 1);
  act(control_pb::RELEASE, 1);
  act(control_pb::RETRY, 2);
  act(control_pb::REMOVE, 3);
  act(control_pb::BOUNCE, 4);
  act(control_pb::HOLD, 5);
  auto dry = act_on(control_pb::REMOVE, 2);
  dry.mutable_act()->set_dry_run(true);
  control::answer_control(dry, {1000, true, false}, backend, WallTime(), [](const control_pb::Response&) { return true; });
  CHECK(steps == Lines{"hold 0000000000001 by uid 1000", "release 0000000000001 by uid 1000", "retry 0000000000002 by uid 1000",
                       "remove 0000000000003 by uid 1000", "withdrawn you@there.example", "bounce 0000000000004 by uid 1000",
                       "withdrawn you@there.example"});
}
