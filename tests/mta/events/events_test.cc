// A failing sink affects nothing else; events of intake and operators are emitted once they are durable.
#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "mta/control/service.h"
#include "mta/events/hub.h"
#include "mta/events/log_sink.h"
#include "mta/events/sign_in_alarm.h"
#include "mta/system/log.h"
#include "mta/system/log_limit.h"
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

// The events of intake for this message over the socket of local users.
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

namespace {

proto::HostResult refused_login() {
  return {proto::Stage::auth, "smtp.provider.example", "192.0.2.1:587", "", {5, 7, 8}, 535, "535 5.7.8 not accepted", false};
}

events::SiteFailed site_failed(const proto::HostResult& result, std::uint32_t failures) {
  return {"smtp.provider.example:587", result, failures, {}};
}

}  // namespace

TEST_CASE("sign-in alarm: a provider that refuses this host stands in the status until mail goes there again, or a reload") {
  events::SignInAlarm alarm;
  proto::HostResult other = refused_login();
  other.stage = proto::Stage::connect;
  alarm.take(site_failed(other, 1));
  CHECK(alarm.failures().empty());
  alarm.take(site_failed(refused_login(), 1));
  alarm.take(site_failed(refused_login(), 2));
  CHECK(alarm.failures() == Lines{"cannot sign in at smtp.provider.example:587, so its mail waits: 535 5.7.8 not accepted"});
  alarm.take(events::SiteRecovered{"other.example:25"});
  CHECK(alarm.failures().size() == 1);
  alarm.take(events::SiteRecovered{"smtp.provider.example:587"});
  CHECK(alarm.failures().empty());
  alarm.take(site_failed(refused_login(), 1));
  alarm.clear();
  CHECK(alarm.failures().empty());
}

TEST_CASE("sign-in alarm: however many providers fail, it holds a bounded number") {
  events::SignInAlarm alarm;
  for (int i = 0; i < 1000; ++i) {
    const std::string hosts = "smtp" + std::to_string(i) + ".example:587";
    alarm.take(events::SiteFailed{hosts, refused_login(), 1, {}});
  }
  CHECK(alarm.failures().size() == events::SignInAlarm::kMost);
}

TEST_CASE("log: a password that is refused is one alert, and then warnings") {
  std::vector<Priority> priorities;
  const auto keep = [](const LogLine& line, void* context) { static_cast<std::vector<Priority>*>(context)->push_back(line.priority()); };
  capture_log(keep, &priorities);
  events::LogSink sink;
  proto::HostResult other = refused_login();
  other.stage = proto::Stage::connect;
  sink.take(site_failed(refused_login(), 1));
  sink.take(site_failed(refused_login(), 2));
  sink.take(site_failed(other, 1));
  capture_log(nullptr, nullptr);
  CHECK(priorities == std::vector{Priority::alert, Priority::warning, Priority::warning});
}

TEST_CASE("events: the log tells why a notice waits, and the lines about one owner's notices are limited") {
  Lines log;
  capture_log([](const LogLine& line, void* lines) { static_cast<Lines*>(lines)->push_back(line.text()); }, &log);
  forget_repeats();
  events::LogSink sink;
  const auto owner = fairness::Owner::user(1001);
  sink.take(events::NoticePostponed{{1}, std::chrono::seconds(90)});
  sink.take(events::NoticeWaits{{1}, owner, events::NoticeWaits::Why::share_is_used, "too much mail of its user waits"});
  for (int i = 0; i < 100; ++i) sink.take(events::NoticeNotStored{{1}, owner, "disk full"});
  sink.take(events::NoticeNotKept{{2}, fairness::Owner::user(1002), "no room"});
  capture_log(nullptr, nullptr);
  forget_repeats();
  REQUIRE(log.size() > 4);
  CHECK(log[0].find(" notice_postponed for=") != std::string::npos);
  CHECK(log[1].find(" notice_waits reason=\"too much mail of its user waits\"") != std::string::npos);
  CHECK(log[2].find(" notice_not_stored reason=\"disk full\"") != std::string::npos);
  CHECK(log.back().find(" notice_not_kept reason=\"no room\"") != std::string::npos);
  CHECK(log.size() < 50);
}
