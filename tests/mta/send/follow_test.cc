// What is told of a message that was sent.
#include "mta/send/follow.h"

#include <catch2/catch.hpp>
#include <sstream>
#include <vector>

#include "mta/cli/control_client.h"
#include "proto/control.pb.h"

using namespace mxpress;
using control_pb::MessageInfo;
using control_pb::RecipientInfo;
using mta::send::follow;
using proto::ExitCode;

namespace {

RecipientInfo recipient(const std::string& address, const std::string& stage) {
  RecipientInfo info;
  info.set_address(address);
  info.set_stage(stage);
  return info;
}

void say(control_pb::HostReport* report, const std::string& text, int code = 0) {
  report->set_host("mx.there.example");
  report->set_address("192.0.2.1:25");
  report->set_text(text);
  report->set_reply_code(code);
  report->set_stage("content");
}

RecipientInfo tried(const std::string& address) {
  RecipientInfo info = recipient(address, "pending");
  say(info.mutable_trying(), "");
  return info;
}

RecipientInfo ended(const std::string& address, const std::string& stage, const std::string& text, int code, std::uint32_t attempts = 1) {
  RecipientInfo info = recipient(address, stage);
  say(info.mutable_last(), text, code);
  info.set_attempts(attempts);
  return info;
}

MessageInfo message(const std::vector<RecipientInfo>& recipients, const std::string& state = "active") {
  MessageInfo info;
  info.set_id("1");
  info.set_state(state);
  for (const RecipientInfo& one : recipients) *info.add_recipient() = one;
  return info;
}

// A daemon that shows one state after the other, and the last one again and again.
class Shown final : public mta::cli::ControlClient {
 public:
  explicit Shown(std::vector<MessageInfo> states) : states_(std::move(states)) {}

  Status ask(const control_pb::Request& request, const mta::control::ControlSink& sink) override {
    CHECK(request.show().id() == "1");
    control_pb::Response response;
    *response.mutable_message() = states_[std::min(asked_++, states_.size() - 1)];
    sink(response);
    response.mutable_end()->set_result(control_pb::End::OK);
    sink(response);
    return {};
  }
  bool is_daemon() const override { return true; }
  std::size_t asked() const { return asked_; }

 private:
  std::vector<MessageInfo> states_;
  std::size_t asked_ = 0;
};

struct Told {
  mta::cli::ExitStatus status;
  std::string text;
};

// Each wait takes a second.
Told told_of(Shown& daemon) {
  std::ostringstream out;
  WallTime now{};
  const mta::send::Watch watch{[&now] { now += std::chrono::seconds(1); }, [&now] { return now; }};
  auto status = follow(daemon, "1", watch, out);
  return {status, out.str()};
}

}  // namespace

TEST_CASE("follow: tells which host is asked, and what it said, each once; delivered to all is exit code 0") {
  Shown daemon({message({recipient("you@there.example", "pending")}), message({tried("you@there.example")}),
                message({tried("you@there.example")}), message({ended("you@there.example", "delivered", "2.0.0 ok", 250)}, "ended")});
  const auto told = told_of(daemon);
  CHECK(told.status.code == ExitCode::ok);
  CHECK(told.text ==
        "you@there.example: asking mx.there.example [192.0.2.1:25]\n"
        "you@there.example: delivered; mx.there.example [192.0.2.1:25] said: 2.0.0 ok\n");
  CHECK(daemon.asked() == 4);
}

TEST_CASE("follow: a recipient who failed counts for more than one who waits, and that for more than delivered ones") {
  const auto good = ended("a@there.example", "delivered", "ok", 250), bad = ended("b@there.example", "failed", "5.1.1 no", 550);
  const auto slow = ended("c@there.example", "pending", "4.2.0 later", 450);
  Shown failing({message({good, bad, slow})});
  const auto failed = told_of(failing);
  CHECK(failed.status.code == ExitCode::unavailable);
  CHECK(failed.status.words == "failed for 1 of 3");
  Shown deferring({message({good, slow}, "deferred")});
  const auto waits = told_of(deferring);
  CHECK(waits.status.code == ExitCode::try_later);
  CHECK(waits.text.find("c@there.example: waits for another attempt at ") != std::string::npos);
  CHECK(waits.status.words.find("do not send it again") != std::string::npos);
}

TEST_CASE("follow: expired, removed and a notice that is owed are failures; held mail waits") {
  for (const char* const stage : {"expired", "removed", "notice owed"}) {
    Shown daemon({message({ended("a@there.example", stage, "x", 0)})});
    CHECK(told_of(daemon).status.code == ExitCode::unavailable);
  }
  Shown held({message({recipient("a@there.example", "pending")}, "held")});
  const auto told = told_of(held);
  CHECK(told.status.code == ExitCode::try_later);
  CHECK(told.text == "a@there.example: held until it is released\n");
}

TEST_CASE("follow: mail for a domain that could not be reached earlier waits with it") {
  Shown daemon({message({ended("a@there.example", "pending", "connection refused", 0, 0)})});
  CHECK(told_of(daemon).status.code == ExitCode::try_later);
}

TEST_CASE("follow: nobody waits longer than ten minutes for a first attempt, but for one that is under way") {
  Shown idle({message({recipient("a@there.example", "pending")})});
  CHECK(told_of(idle).status.code == ExitCode::try_later);
  CHECK(idle.asked() == 602);
  std::vector<MessageInfo> slow(1000, message({tried("a@there.example")}));
  slow.push_back(message({ended("a@there.example", "delivered", "ok", 250)}, "ended"));
  Shown busy(slow);
  CHECK(told_of(busy).status.code == ExitCode::ok);
}

TEST_CASE("follow: replies of hosts are told without control characters") {
  Shown daemon({message({ended("a@there.example", "delivered", "ok\x1b[2J\r\nfake", 250)}, "ended")});
  CHECK(told_of(daemon).text.find('\x1b') == std::string::npos);
}
