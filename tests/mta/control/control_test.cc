// Control requests: rights, costs, and selection.
#include <catch2/catch.hpp>
#include <functional>
#include <sstream>
#include <tuple>

#include "mta/cli/control_client.h"
#include "mta/cli/print.h"
#include "mta/config/config.h"
#include "mta/control/live.h"
#include "mta/control/parts.h"
#include "mta/control/selector.h"
#include "mta/control/service.h"
#include "mta/system/log.h"
#include "proto/control.pb.h"
#include "tests/support/fake_control.h"
#include "tests/support/fake_spool.h"

using namespace mxpress;
using namespace mxpress::mta;
using mxpress::testing::at;
using mxpress::testing::FakeControl;
using mxpress::testing::make_message;

namespace {

constexpr control::ControlPeer kRoot{0, true};
constexpr control::ControlPeer kAlice{1001, false};

struct Answers {
  std::vector<control_pb::Response> responses;
  const control_pb::End& end() const { return responses.back().end(); }
  std::size_t count() const { return responses.size() - 1; }
  std::string content() const {
    std::string text;
    for (const auto& response : responses) text += response.content();
    return text;
  }
};

Answers ask(FakeControl& backend, const control::ControlPeer& peer, const control_pb::Request& request) {
  Answers answers;
  control::answer_control(request, peer, backend, at(1000), [&](const control_pb::Response& response) {
    answers.responses.push_back(response);
    return true;
  });
  REQUIRE_FALSE(answers.responses.empty());
  REQUIRE(answers.responses.back().has_end());
  return answers;
}

// Counts the cost of an answer, for a client that reads, or one that does not.
class Work final : public control::ControlOutlet {
 public:
  std::vector<control_pb::Response> responses;
  std::uint64_t units = 0;
  std::size_t pauses = 0;
  bool lags = false;
  std::function<void()> at_pause = [] {};
  bool send(const control_pb::Response& response) override {
    responses.push_back(response);
    return true;
  }
  void charge(std::uint64_t more) override { units += more; }
  bool client_lags() override { return lags; }
  bool pause() override {
    ++pauses;
    at_pause();
    return true;
  }
};

control_pb::Request list_all() {
  control_pb::Request request;
  request.mutable_list()->mutable_selector()->set_all(true);
  return request;
}

control_pb::Request act_on(control_pb::Action action, std::uint64_t id) {
  control_pb::Request request;
  request.mutable_act()->set_action(action);
  request.mutable_act()->mutable_selector()->add_id(queue::QueueId{id}.to_string());
  return request;
}

control_pb::Request show(std::uint64_t id) {
  control_pb::Request request;
  request.mutable_show()->set_id(queue::QueueId{id}.to_string());
  return request;
}

void fill(FakeControl& backend) {
  backend.add(make_message(1, 1001, "alice@a.example", "x@One.example", "first"));
  backend.add(make_message(2, 1002, "bob@a.example", "y@two.example", "second"));
  backend.add(make_message(3, -1, "", "z@two.example", "third"));
}

}  // namespace

TEST_CASE("control: root sees all mail, others only what the kernel says is theirs") {
  FakeControl backend;
  fill(backend);
  CHECK(ask(backend, kRoot, list_all()).count() == 3);
  const Answers own = ask(backend, kAlice, list_all());
  REQUIRE(own.count() == 1);
  CHECK(own.responses[0].message().sender() == "alice@a.example");
  CHECK(ask(backend, control::ControlPeer{static_cast<uid_t>(-1), false}, list_all()).count() == 0);
}

TEST_CASE("control: mail of others is as unknown to a user as mail that never was") {
  FakeControl backend;
  fill(backend);
  const Answers others = ask(backend, kAlice, show(2)), none = ask(backend, kAlice, show(77));
  CHECK(others.end().result() == control_pb::End::UNKNOWN);
  CHECK(none.end().result() == control_pb::End::UNKNOWN);
  control_pb::Request cat;
  cat.mutable_cat()->set_id(queue::QueueId{2}.to_string());
  CHECK(ask(backend, kAlice, cat).end().result() == control_pb::End::UNKNOWN);
  cat.mutable_cat()->set_id(queue::QueueId{1}.to_string());
  CHECK(ask(backend, kAlice, cat).content() == "first");
}

TEST_CASE("control: an id that is given often is one message, and costs one look") {
  FakeControl backend;
  fill(backend);
  control_pb::Request request;
  for (std::uint64_t i = 0; i < 50'000; ++i) request.mutable_list()->mutable_selector()->add_id(queue::QueueId{1000 + i}.to_string());
  for (int i = 0; i < 50'000; ++i) request.mutable_list()->mutable_selector()->add_id(queue::QueueId{1}.to_string());
  const Answers answers = ask(backend, kAlice, request);
  CHECK(answers.count() == 1);
  CHECK(answers.end().matched() == 1);
}

TEST_CASE("control: a request for somebody else's message does the same work as one for a message that never was") {
  FakeControl backend;
  fill(backend);
  const auto work_of = [&](control_pb::Request request) {
    backend.looks = backend.loads = 0;
    Work outlet;
    control::answer_control(request, kAlice, backend, at(1000), outlet);
    return std::tuple(backend.looks.load(), backend.loads.load(), outlet.units, outlet.responses.size());
  };
  const auto requests = [](std::uint64_t id) {
    control_pb::Request cat, list;
    cat.mutable_cat()->set_id(queue::QueueId{id}.to_string());
    list.mutable_list()->mutable_selector()->add_id(queue::QueueId{id}.to_string());
    return std::vector<control_pb::Request>{show(id), cat, list, act_on(control_pb::HOLD, id), act_on(control_pb::REMOVE, id)};
  };
  const auto others = requests(2), none = requests(77);
  for (std::size_t i = 0; i < others.size(); ++i) {
    CHECK(work_of(others[i]) == work_of(none[i]));
    CHECK(std::get<1>(work_of(others[i])) == 0);  // nothing is read
  }
}

TEST_CASE("control: a user's list costs by the user's own mail, not by that of others") {
  FakeControl backend;
  fill(backend);
  for (std::uint64_t id = 100; id < 1100; ++id) backend.add(make_message(id, 1002, "bob@a.example", "y@two.example", ""));
  Work outlet;
  control::answer_control(list_all(), kAlice, backend, at(1000), outlet);
  CHECK(backend.loads == 1);
  CHECK(outlet.units < 10);
}

TEST_CASE("control: while the client does not read, the message is not kept in memory, and all of it comes in the end") {
  FakeControl backend;
  queue::Message large = make_message(1, 1001, "a@a.example", "b@b.example", "x");
  for (int i = 0; i < 10'000; ++i)
    large.envelope.recipients.push_back({*proto::Mailbox::parse("user" + std::to_string(i) + "@b.example"), {}, {}});
  large.recipients.resize(large.envelope.recipients.size());
  const std::weak_ptr<const queue::Content> content = large.content;
  backend.add(std::move(large));
  Work outlet;
  outlet.lags = true;
  outlet.at_pause = [&] { CHECK(content.use_count() == 1); };  // the queue's own
  control::answer_control(show(1), kAlice, backend, at(1000), outlet);
  CHECK(outlet.pauses > 3);
  CHECK(backend.loads >= outlet.pauses - 1);  // each costs the user a look
  control_pb::MessageInfo joined;
  for (const auto& response : outlet.responses)
    if (response.has_message()) {
      CHECK(response.ByteSizeLong() < control::kMostOfPart + 8'192);
      control::join_parts(joined, response);
    }
  CHECK(joined.recipient_size() == 10'001);
  CHECK(joined.recipient(10'000).address() == "user9999@b.example");
}

TEST_CASE("control: while the client does not read, what the workers know of the message's destinations is not kept either") {
  FakeControl backend;
  queue::Message large = make_message(1, 1001, "a@a.example", "b@b.example", "x");
  for (int i = 0; i < 10'000; ++i)
    large.envelope.recipients.push_back({*proto::Mailbox::parse("user@d" + std::to_string(i) + ".example"), {}, {}});
  large.recipients.resize(large.envelope.recipients.size());
  backend.add(std::move(large));
  Work outlet;
  outlet.lags = true;
  control::answer_control(show(1), kAlice, backend, at(1000), outlet);
  CHECK(outlet.pauses > 3);
  CHECK(backend.asked >= outlet.pauses);  // each time again
}

TEST_CASE("control: a user holds and removes own mail, and nothing else") {
  FakeControl backend;
  fill(backend);
  for (const control_pb::Action action : {control_pb::RELEASE, control_pb::RETRY, control_pb::BOUNCE})
    CHECK(ask(backend, kAlice, act_on(action, 1)).end().result() == control_pb::End::REFUSED);
  CHECK(ask(backend, kAlice, act_on(control_pb::REMOVE, 2)).end().matched() == 0);
  CHECK(backend.acted().empty());
  for (const control_pb::Action action : {control_pb::HOLD, control_pb::REMOVE})
    CHECK(ask(backend, kAlice, act_on(action, 1)).end().matched() == 1);
  CHECK(backend.acted().size() == 2);
  control_pb::Request request;
  request.mutable_destinations();
  CHECK(ask(backend, kAlice, request).end().result() == control_pb::End::REFUSED);
  request.mutable_reload();
  CHECK(ask(backend, kAlice, request).end().result() == control_pb::End::REFUSED);
  CHECK(ask(backend, kRoot, request).end().result() == control_pb::End::OK);
}

TEST_CASE("control: an alert becomes a line of the log that is announced, for those who may do everything") {
  FakeControl backend;
  control_pb::Request request;
  request.mutable_alert()->set_reason("wrong: ptr 192.0.2.1: no PTR");
  std::vector<std::string> lines;
  capture_log(
      [](const LogLine& line, void* all) {
        if (!line.announced().empty()) static_cast<std::vector<std::string>*>(all)->push_back(line.text());
      },
      &lines);
  CHECK(ask(backend, kAlice, request).end().result() == control_pb::End::REFUSED);
  CHECK(lines.empty());
  CHECK(ask(backend, kRoot, request).end().result() == control_pb::End::OK);
  capture_log(nullptr, nullptr);
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines.front(), Catch::StartsWith("doctor reason=\"wrong: ptr 192.0.2.1: no PTR\""));
}

TEST_CASE("control: a dry run counts and does nothing") {
  FakeControl backend;
  fill(backend);
  control_pb::Request request = act_on(control_pb::REMOVE, 1);
  request.mutable_act()->set_dry_run(true);
  const Answers answers = ask(backend, kRoot, request);
  CHECK(answers.end().matched() == 1);
  CHECK(answers.responses[0].effect().what() == control_pb::Effect::WOULD);
  CHECK(backend.acted().empty());
}

TEST_CASE("control: the answer to an action says what is in flight") {
  FakeControl backend;
  fill(backend);
  backend.effects[{2}] = delivery::ActionEffect::in_flight;
  CHECK(ask(backend, kRoot, act_on(control_pb::HOLD, 2)).responses[0].effect().what() == control_pb::Effect::IN_FLIGHT);
}

TEST_CASE("control: actions on many messages go to the daemon in bounded batches") {
  FakeControl backend;
  for (std::uint64_t id = 1; id <= 1201; ++id) backend.add(make_message(id, 0, "a@a.example", "b@b.example", ""));
  control_pb::Request request;
  request.mutable_act()->set_action(control_pb::RETRY);
  request.mutable_act()->mutable_selector()->set_all(true);
  CHECK(ask(backend, kRoot, request).count() == 1201);
  REQUIRE(backend.acted().size() == 3);
  CHECK(backend.acted()[2].ids.size() == 201);
}

TEST_CASE("control: without a selector, or with a malformed one, nothing is done") {
  FakeControl backend;
  fill(backend);
  control_pb::Request request;
  request.mutable_act()->set_action(control_pb::REMOVE);
  CHECK(ask(backend, kRoot, request).end().result() == control_pb::End::MALFORMED);
  request.mutable_act()->mutable_selector()->add_id("short");
  CHECK_THAT(ask(backend, kRoot, request).end().text(), Catch::Contains("\"short\" is not a queue id"));
  CHECK(ask(backend, kRoot, control_pb::Request()).end().result() == control_pb::End::MALFORMED);
  CHECK(backend.acted().empty());
}

TEST_CASE("selector: each condition narrows, and all must hold") {
  queue::Message message = make_message(1, 0, "Alice@a.example", "x@one.example", "");
  message.envelope.submitted = at(400);
  const auto selected = [&](auto set) {
    control_pb::Selector selector;
    set(selector);
    REQUIRE(control::selector_mistake(selector).empty());
    return control::matches(selector, message, at(1000));
  };
  CHECK(selected([](auto& s) { s.set_all(true); }));
  CHECK(selected([](auto& s) { s.set_domain("ONE.example"); }));
  CHECK_FALSE(selected([](auto& s) { s.set_domain("two.example"); }));
  CHECK(selected([](auto& s) { s.set_sender("alice@A.example"); }));
  CHECK_FALSE(selected([](auto& s) { s.set_sender("<>"); }));
  CHECK(selected([](auto& s) { s.set_recipient("X@one.example"); }));
  CHECK(selected([](auto& s) { s.set_older_ms(600'000); }));
  CHECK_FALSE(selected([](auto& s) { s.set_older_ms(600'001); }));
  CHECK(selected([](auto& s) { s.set_state(control_pb::Selector::ACTIVE); }));
  CHECK_FALSE(selected([](auto& s) { s.set_domain("one.example"), s.set_sender("<>"); }));
  message.recipients[0].next_try = at(2000);
  CHECK(selected([](auto& s) { s.set_state(control_pb::Selector::DEFERRED); }));
  message.held = true;
  CHECK(selected([](auto& s) { s.set_state(control_pb::Selector::HELD); }));
  message.recipients[0].stage = queue::RecipientStage::delivered;
  CHECK_FALSE(selected([](auto& s) { s.set_domain("one.example"); }));
}

TEST_CASE("control: text of a mail host is told without its control characters") {
  FakeControl backend;
  fill(backend);
  auto& state = backend.messages.at({1}).recipients[0];
  state.last = proto::HostResult{};
  state.last->text = "550 \x1b]0;evil\x07 no\r\n";
  const std::string text = ask(backend, kRoot, show(1)).responses[0].message().recipient(0).last().text();
  CHECK(text.find('\x1b') == text.npos);
  CHECK(text.find('\n') == text.npos);
}

TEST_CASE("control: mail that waits for a site in backoff shows the site's last result and next probe as its own") {
  FakeControl backend;
  queue::Message waits = make_message(1, 1001, "a@a.example", "b@b.example", "x");
  backend.add(waits);
  queue::Message greylisted = make_message(2, 1001, "a@a.example", "c@b.example", "x");
  greylisted.recipients[0].next_try = at(5000);
  greylisted.recipients[0].last = proto::HostResult{};
  greylisted.recipients[0].last->text = "451 come back later";
  backend.add(greylisted);
  backend.add(make_message(3, 1001, "a@a.example", "d@well.example", "x"));
  proto::HostResult refused{};
  refused.host = "mx.b.example";
  refused.text = "Connection refused";
  backend.rows.push_back({"b.example", "mx.b.example", 2, 0, 0, at(0), at(1600), refused, at(1600)});
  proto::HostResult verdict{};
  verdict.text = "550 of somebody else's message";
  backend.rows.push_back({"well.example", "mx.well.example", 1, 0, 0, at(0), at(1000), verdict, std::nullopt});

  const Answers answers = ask(backend, kAlice, list_all());
  REQUIRE(answers.count() == 3);
  const auto& first = answers.responses[0].message();
  CHECK(first.state() == "deferred");
  CHECK(first.recipient(0).next_try_ms() == 1'600'000);
  CHECK(first.recipient(0).last().text() == "Connection refused");
  CHECK(first.recipient(0).attempts() == 0);
  CHECK(answers.responses[1].message().recipient(0).next_try_ms() == 5'000'000);
  CHECK(answers.responses[1].message().recipient(0).last().text() == "451 come back later");
  CHECK(answers.responses[2].message().state() == "active");
  CHECK_FALSE(answers.responses[2].message().recipient(0).has_last());

  control_pb::Request show;
  show.mutable_show()->set_id(waits.id.to_string());
  CHECK(ask(backend, kRoot, show).responses[0].message().recipient(0).last().host() == "mx.b.example");
}

TEST_CASE("control: only operators, and the owner of the message that got it, read a reply that may name somebody's address") {
  FakeControl backend;
  const std::string raw = "421 4.3.2 <secret@b.example> is over its limit";
  const proto::HostResult said{proto::Stage::rcpt, "mx.b.example", "192.0.2.1:25", "", {4, 3, 2}, 421, raw, false};
  queue::Message probe = make_message(2, 1002, "bob@a.example", "secret@b.example", "x");
  probe.recipients[0].last = said;
  backend.add(make_message(1, 1001, "alice@a.example", "b@b.example", "x"));
  backend.add(probe);
  delivery::DestinationStatus row{"b.example", "mx.b.example", 2, 0, 0, at(0), at(1600), said, at(1600)};
  row.failing_since = at(900);
  backend.rows.push_back(row);

  const auto last = [&](const control::ControlPeer& peer, const control_pb::Request& request) {
    return ask(backend, peer, request).responses.at(0).message().recipient(0).last();
  };
  for (const auto& request : {show(1), list_all()}) {
    const auto told = last(kAlice, request);
    CHECK(told.text() == "the mail host answered 421 4.3.2 to another message (rcpt); it fails since Thu, 01 Jan 1970 00:15:00 +0000");
    CHECK(told.status() == "4.3.2");
    CHECK(told.host() == "mx.b.example");
    CHECK(told.stage() == "rcpt");
  }
  CHECK(last(kRoot, show(1)).text() == raw);
  CHECK(last(control::ControlPeer{1002, false}, show(2)).text() == raw);
}

TEST_CASE("control: a full disk and a recovery that fails are failures of the daemon") {
  testing::FakeSpool spool;
  testing::FakeDeliverer deliverer;
  CurrentConfig config{Config()};
  control::RecoveryProgress recovery;
  const events::Counters counters;
  events::Hub events;
  control::LiveBackend backend(spool, deliverer, config, recovery, events, counters, [] { return Status(); });
  recovery.failed();
  spool.counted.not_recovered_because = "no disk";
  CHECK_THAT(backend.ready().error().message, Catch::Contains("no disk"));
  REQUIRE(backend.status().failures.size() == 1);
  CHECK_THAT(backend.status().failures[0], Catch::Contains("no disk"));
  recovery.done();
  spool.counted.not_recovered_because.clear();
  CHECK(backend.ready().ok());
  CHECK(backend.status().failures.empty());
  CHECK(backend.status().counters.accepting);
  spool.no_room = Error::transient("disk full");
  CHECK_FALSE(backend.status().counters.accepting);
  CHECK(backend.status().counters.not_accepting_because == "disk full");
}

TEST_CASE("control: mail that is being tried says so, and by which host") {
  FakeControl backend;
  backend.add(make_message(1, 0, "me@here.example", "you@there.example", "x"));
  backend.add(make_message(2, 0, "me@here.example", "you@there.example", "x"));
  backend.rows.push_back({"there.example", "mx.there.example", 2, 1, 0, at(0), at(0), std::nullopt, std::nullopt, {}});
  backend.rows[0].flights.push_back({{1}, at(960), "mx.there.example", "192.0.2.1:25"});
  const auto tried = ask(backend, kRoot, show(1)).responses[0].message();
  CHECK(tried.recipient(0).trying().address() == "192.0.2.1:25");
  std::ostringstream story, line;
  cli::print_story(story, tried, at(1000));
  cli::print_message_line(line, tried, control::Conditions(control_pb::Selector()), at(1000));
  CHECK_THAT(story.str(), Catch::Contains("To you@there.example: being tried now, for 40s: mx.there.example [192.0.2.1:25]\n"));
  CHECK_THAT(line.str(), Catch::Contains("to you@there.example, being tried now, for 40s: mx.there.example [192.0.2.1:25]\n"));
  CHECK_FALSE(ask(backend, kRoot, show(2)).responses[0].message().recipient(0).has_trying());
}

TEST_CASE("control: the log says of each recipient that the operator removed or returned it, once") {
  FakeControl backend;
  queue::Message two = make_message(1, 0, "me@here.example", "a@there.example", "x");
  two.envelope.recipients.push_back({*proto::Mailbox::parse("b@there.example"), {}, "rfc822;root@here.example"});
  two.recipients.resize(2);
  backend.add(two);
  backend.add(make_message(2, 0, "me@here.example", "c@there.example", "x"));
  std::vector<std::string> log;
  capture_log([](const LogLine& line, void* lines) { static_cast<std::vector<std::string>*>(lines)->push_back(line.text()); }, &log);
  ask(backend, kRoot, act_on(control_pb::REMOVE, 1));
  ask(backend, kRoot, act_on(control_pb::BOUNCE, 2));
  ask(backend, kRoot, act_on(control_pb::BOUNCE, 2));
  capture_log(nullptr, nullptr);
  CHECK(log == std::vector<std::string>{
                   "0000000000001 removed outcome=removed by_uid=0 from=<me@here.example> to=<a@there.example>",
                   "0000000000001 removed outcome=removed by_uid=0 from=<me@here.example> to=<b@there.example> orig_to=<root@here.example>",
                   "0000000000002 returned outcome=returned by_uid=0 from=<me@here.example> to=<c@there.example>"});
}

TEST_CASE("control: held mail is not said to be tried now") {
  FakeControl backend;
  queue::Message held = make_message(1, 0, "me@here.example", "you@there.example", "x");
  held.held = true;
  backend.add(held);
  backend.effects[{1}] = delivery::ActionEffect::held;
  CHECK(ask(backend, kRoot, act_on(control_pb::RETRY, 1)).responses[0].effect().what() == control_pb::Effect::HELD);
  std::ostringstream line;
  cli::print_message_line(line, ask(backend, kRoot, list_all()).responses[0].message(), control::Conditions(control_pb::Selector()),
                          at(1000));
  CHECK_THAT(line.str(), Catch::EndsWith("    to you@there.example, held\n"));
}
