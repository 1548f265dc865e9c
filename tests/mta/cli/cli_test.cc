// The mxpress command: its command line, its output, and that no text from outside reaches the terminal uncleaned.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <sstream>

#include "mta/cli/commands.h"
#include "mta/cli/print.h"
#include "proto/control.pb.h"
#include "tests/support/fake_control.h"
#include "tests/support/mxpress_command.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace std::chrono_literals;
using cli::ExitCode;
using mxpress::testing::at;
using mxpress::testing::FakeControl;
using mxpress::testing::make_message;
using mxpress::testing::Ran;
using mxpress::testing::run;

namespace {

std::string mistake(std::vector<std::string> arguments) {
  const auto line = cli::parse_command_line(arguments);
  return line ? "none" : line.error().message;
}

}  // namespace

TEST_CASE("mxpress: destructive commands without a selector, and nonsense, are usage errors") {
  for (const char* command : {"hold", "release", "retry", "bounce", "remove"})
    CHECK_THAT(mistake({command}), Catch::Contains("which messages"));
  CHECK_THAT(mistake({}), Catch::Contains("say what to do"));
  const std::vector<std::vector<std::string>> of_mailbox = {{"mailbox"}, {"mailbox", "cat"}, {"mailbox", "list", "1"}, {"mailbox", "x"}};
  for (const auto& words : of_mailbox) CHECK_THAT(mistake(words), Catch::Contains("say mxpress mailbox list"));
  CHECK_THAT(mistake({"explode"}), Catch::Contains("no such command"));
  CHECK_THAT(mistake({"show"}), Catch::Contains("one queue id"));
  CHECK_THAT(mistake({"queue", "--older", "soon"}), Catch::Contains("--older"));
  CHECK_THAT(mistake({"queue", "--state", "sad"}), Catch::Contains("--state"));
  CHECK_THAT(mistake({"queue", "--nonsense"}), Catch::Contains("nonsense"));
  CHECK_THAT(mistake({"remove", "--al"}), Catch::Contains("al"));
  CHECK(mistake({"remove", "--domain", "a.example", "-n"}) == "none");
  CHECK(mistake({"-c", "/x", "status"}) == "none");
}

TEST_CASE("mailq: the format is Postfix's") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  FakeControl backend;
  queue::Message message = make_message(1, 0, "me@here.example", "you@there.example", std::string(2048, 'x'));
  message.envelope.submitted = at(1'700'000'000);
  message.recipients[0].next_try = WallTime::max();
  message.recipients[0].last = proto::HostResult{};
  message.recipients[0].last->host = "mx.there.example";
  message.recipients[0].last->address = "192.0.2.1:25";
  message.recipients[0].last->text = "connection refused";
  backend.add(message);
  queue::Message held = make_message(2, 0, "", "z@there.example", "x");
  held.envelope.submitted = at(1'700'000'000);
  held.held = true;
  backend.add(held);
  queue::Message active = make_message(3, 0, "a@here.example", "b@there.example", "x");
  backend.add(active);
  const Ran ran = run(backend, {"mailq"});
  CHECK(ran.code == ExitCode::ok);
  CHECK_THAT(ran.out, Catch::StartsWith("-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"
                                        "0000000000001      2048 Tue Nov 14 22:13:20  me@here.example\n"));
  CHECK_THAT(ran.out,
             Catch::Contains("(mx.there.example [192.0.2.1:25]: connection refused)\n" + std::string(41, ' ') + "you@there.example\n\n"));
  CHECK_THAT(ran.out, Catch::Contains("0000000000002!        1 Tue Nov 14 22:13:20  MAILER-DAEMON\n"));
  CHECK_THAT(ran.out, Catch::Contains("0000000000003*        1 "));
  CHECK_THAT(ran.out, Catch::EndsWith("\n-- 2 Kbytes in 3 Requests.\n"));
  FakeControl empty;
  CHECK(run(empty, {"mailq"}).out == "Mail queue is empty\n");
}

TEST_CASE("mxpress show: tells the life of a message without a control character from outside") {
  FakeControl backend;
  queue::Message message = make_message(1, 0, "me@here.example", "you@there.example", "x");
  message.envelope.submitter.program = "evil\x1b[2J";
  message.recipients[0].attempts = 2;
  message.recipients[0].last = proto::HostResult{};
  message.recipients[0].last->stage = proto::Stage::rcpt;
  message.recipients[0].last->host = "mx.there.example";
  message.recipients[0].last->reply_code = 450;
  message.recipients[0].last->status = {4, 2, 0};
  message.recipients[0].last->text = "450 4.2.0 \x1b]0;title\x07greylisted";
  queue::Attempt attempt;
  attempt.recipients = {0};
  proto::HostResult unreached{};
  unreached.stage = proto::Stage::connect;
  unreached.text = "no route";
  attempt.hosts.push_back({unreached, at(9), 0ms, 3000ms, false});
  attempt.hosts.push_back({*message.recipients[0].last, at(10), 12ms, 1500ms, false});
  message.attempts.push_back(attempt);
  backend.add(message);
  const Ran ran = run(backend, {"show", "0000000000001"});
  CHECK(ran.code == ExitCode::ok);
  CHECK(ran.out.find('\x1b') == std::string::npos);
  CHECK(ran.out.find('\x07') == std::string::npos);
  CHECK_THAT(ran.out, Catch::Contains("user root (uid 0) through sendmail") && Catch::Contains("(not verified)") &&
                          !Catch::Contains("service") && Catch::Contains("mx.there.example said: 450 4.2.0") &&
                          Catch::Contains("that means: ") && Catch::Contains("connected in 0.012 s, 1.500 s in all") &&
                          Catch::Contains("not encrypted") && Catch::Contains("at: connect; gave up after 3.000 s\n"));
}

TEST_CASE("mxpress show: says in one line what became of each recipient, and until when the rest waits") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  FakeControl backend;
  queue::Message message = make_message(1, 0, "me@here.example", "you@there.example", "x");
  message.recipients[0].stage = queue::RecipientStage::delivered;
  message.recipients[0].attempts = 1;
  message.recipients[0].last = proto::HostResult{};
  message.recipients[0].last->host = "mx.there.example";
  message.recipients[0].last->address = "192.0.2.1:25";
  message.recipients[0].last->reply_code = 250;
  message.recipients[0].last->text = "250 2.0.0 queued";
  backend.add(message);
  CHECK_THAT(run(backend, {"show", "0000000000001"}).out,
             Catch::Contains("To you@there.example: delivered ") &&
                 Catch::Contains(" ago; mx.there.example [192.0.2.1:25] said: 250 2.0.0 queued\n") && !Catch::Contains("why:"));

  queue::Message waits = make_message(2, 0, "me@here.example", "you@down.example", "x");
  backend.add(waits);
  const WallTime probe = at(4'000'000'000);
  proto::HostResult refused{};
  refused.host = "mx.down.example";
  refused.address = "192.0.2.2:25";
  refused.text = "Connection refused";
  backend.rows.push_back({"down.example", "mx.down.example", 1, 0, 0, at(0), probe, refused, probe});
  CHECK_THAT(run(backend, {"show", "0000000000002"}).out,
             Catch::Contains("To you@down.example: waits, as all mail for this domain does, until it can be reached; next try in ") &&
                 Catch::Contains("(2096-10-02 07:06:40)\n  why: mx.down.example [192.0.2.2:25]: Connection refused\n"));
  CHECK_THAT(run(backend, {"mailq"}).out, Catch::Contains("(mx.down.example [192.0.2.2:25]: Connection refused)"));
}

TEST_CASE("mxpress: actions answer truthfully for what is in flight") {
  FakeControl backend;
  backend.add(make_message(1, 0, "a@a.example", "b@b.example", "x"));
  backend.add(make_message(2, 0, "a@a.example", "b@c.example", "x"));
  backend.effects[{2}] = delivery::ActionEffect::in_flight;
  const Ran ran = run(backend, {"hold", "--all"});
  CHECK(ran.out == "0000000000001 held\n0000000000002 held; in flight now: what the host accepts meanwhile is sent\n");
  CHECK(run(backend, {"remove", "--domain", "c.example", "--dry-run"}).out == "0000000000002 is selected (dry run: nothing was done)\n");
  CHECK(backend.acted().size() == 1);
}

TEST_CASE("mxpress: exit codes tell nothing matched, not allowed, unknown and unwell apart") {
  FakeControl backend;
  CHECK(run(backend, {"hold", "--all"}).code == ExitCode::nothing_matched);
  CHECK(run(backend, {"flush"}).code == ExitCode::ok);
  CHECK(run(backend, {"show", "0000000000009"}).code == ExitCode::nothing_matched);
  CHECK_THAT(run(backend, {"show", "0000000000009"}).error, Catch::Contains("journalctl -u mxpress | grep 0000000000009"));
  CHECK(run(backend, {"show", "nine"}).code == ExitCode::usage);
  CHECK(run(backend, {"flush"}, {1001, false}).code == ExitCode::refused);
  CHECK(run(backend, {"status"}).code == ExitCode::ok);
  backend.counters.accepting = false;
  CHECK(run(backend, {"status"}).code == ExitCode::cannot_send);
  backend.counters.accepting = true;
  backend.running = false;
  CHECK(run(backend, {"status"}).code == ExitCode::cannot_send);
  CHECK(run(backend, {"queue"}).code == ExitCode::ok);
}

TEST_CASE("mxpress: status tells what has happened since the start, and what was lost of it") {
  FakeControl backend;
  const proto::Envelope envelope;
  backend.events.hub().emit(events::Accepted{{1}, envelope, 0, "", {}});
  using enum events::Disposition;
  backend.events.hub().emit(events::Attempted{{1}, "", {}, {{delivered, "", "", {}, {}, {}}, {deferred, "", "", {}, {}, {}}}, {}});
  CHECK_THAT(run(backend, {"status"}).out, Catch::Contains("\nsince then 1 message(s) taken in; recipients: 1 delivered, 0 failed"));
  CHECK_THAT(run(backend, {"status", "--json"}).out, Catch::Contains("\"counts\":{\"accepted\":1,\"delivered\":1,\"deferred\":1,"));
  CHECK(run(backend, {"status"}).out.find("LOST") == std::string::npos);
  backend.losses = {{"log", 7}, {"counters", 0}};
  CHECK_THAT(run(backend, {"status"}).out, Catch::Contains("\nLOST       7 event(s) that the log was too slow for"));
  CHECK_THAT(run(backend, {"status", "--json"}).out, Catch::Contains("\"lost\":[{\"sink\":\"log\",\"events\":7}]"));
  backend.running = false;
  CHECK(run(backend, {"status"}).out.find("since then") == std::string::npos);
}

TEST_CASE("mxpress: --json prints one object a line, for every state") {
  FakeControl backend;
  backend.add(make_message(1, 0, "a@a.example", "b@b.example", "x"));
  CHECK_THAT(run(backend, {"queue", "--messages", "--json"}).out,
             Catch::StartsWith("{\"id\":\"0000000000001\",\"state\":\"active\"") && Catch::EndsWith("}\n"));
  CHECK_THAT(run(backend, {"status", "--json"}).out, Catch::StartsWith("{\"running\":true"));
  backend.rows.push_back({"b.example", "", 1, 0, 0, at(0), at(0), std::nullopt, std::nullopt});
  CHECK_THAT(run(backend, {"queue", "--json"}).out, Catch::StartsWith("{\"destination\":\"b.example\""));
}

TEST_CASE("mxpress: --json prints numbers of every width as numbers, and texts that look like numbers as texts") {
  FakeControl backend;
  auto message = make_message(1, 0, "a@a.example", "12@b.example", "x");
  message.envelope.submitter.uid = 4'000'000'000;
  backend.add(std::move(message));
  const std::string out = run(backend, {"queue", "--messages", "--json"}).out;
  CHECK_THAT(out, Catch::Contains("\"uid\":4000000000,"));
  CHECK_THAT(out, Catch::Contains("\"size\":1,"));
  CHECK_THAT(out, Catch::Contains("\"is_notice\":false"));
  CHECK_THAT(out, Catch::Contains("\"id\":\"0000000000001\""));
  CHECK_THAT(out, !Catch::Contains("_ms\":\""));
  backend.counters.messages = 1'234'567'890'123;
  CHECK_THAT(run(backend, {"status", "--json"}).out, Catch::Contains("\"messages\":1234567890123,"));
  backend.rows.push_back({"b.example", "", 7, 0, 0, at(0), at(0), std::nullopt, std::nullopt, {}});
  CHECK_THAT(run(backend, {"queue", "--json"}).out, Catch::Contains("\"messages\":7,"));
}

TEST_CASE("mxpress queue: who may not see the whole queue sees his own messages") {
  FakeControl backend;
  backend.add(make_message(1, 1001, "a@a.example", "b@b.example", "x"));
  backend.add(make_message(2, 1002, "c@a.example", "d@b.example", "x"));
  const Ran ran = run(backend, {"queue"}, {1001, false});
  CHECK(ran.code == ExitCode::ok);
  CHECK_THAT(ran.out, Catch::Contains("0000000000001") && !Catch::Contains("0000000000002"));
}

TEST_CASE("mxpress: a queue that is not read yet is not shown as empty, and status tells why") {
  FakeControl backend;
  backend.counters.accepting = true;
  backend.is_ready = Error::transient("mail of earlier runs has not been read yet: no disk");
  backend.failures = {backend.is_ready.error().message};
  for (const char* command : {"queue", "mailq"}) {
    const Ran ran = run(backend, {command});
    CHECK(ran.code == ExitCode::failed);
    CHECK(ran.out.empty());
    CHECK_THAT(ran.error, Catch::Contains("no disk"));
  }
  const Ran status = run(backend, {"status"});
  CHECK(status.code == ExitCode::nothing_matched);
  CHECK_THAT(status.out, Catch::Contains("TROUBLE    mail of earlier runs has not been read yet: no disk\n"));
}

TEST_CASE("mxpress: rough times have two units at most") {
  CHECK(cli::rough(0s) == "0s");
  CHECK(cli::rough(59s) == "59s");
  CHECK(cli::rough(1h + 5s) == "1h");
  CHECK(cli::rough(49h + 3min) == "2d 1h");
  CHECK(cli::rough(-5s) == "0s");
}
