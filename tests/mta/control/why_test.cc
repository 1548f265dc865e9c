// mxpress why: what is said of mail that waits and of mail that ended, and to whom.
#include <catch2/catch.hpp>

#include "mta/control/why_text.h"
#include "mta/history/search.h"
#include "mta/history/store.h"
#include "proto/control.pb.h"
#include "queue/changes.h"
#include "tests/support/forgetful_disk.h"
#include "tests/support/history_events.h"
#include "tests/support/mxpress_command.h"

using namespace mxpress;
using namespace mxpress::testing;
using mxpress::mta::cli::ExitCode;
using mxpress::test::ForgetfulDisk;

namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr mta::control::ControlPeer kRoot{0, true}, kAlice{1001, false}, kBob{1002, false};

std::string id_of(std::uint64_t id) { return proto::QueueId{id}.to_string(); }

// A history on a disk in memory, and a queue.
struct World {
  ForgetfulDisk disk;
  mta::history::Store store{disk, "/history", [] { return std::uint64_t{1}; }};
  mta::history::Search search{disk, "/history"};
  FakeControl backend;
  World() { backend.past = &search; }
  void add(const std::string& frames) { REQUIRE(store.append(frames, {}, kNow)); }
  // A letter of a user that is over.
  void letter(std::uint64_t id, std::int64_t uid, const std::string& to, mta::events::Disposition end, int code, const std::string& reply) {
    add(accepted(id, envelope_of(uid, "user" + std::to_string(uid) + "@here.example", {to}), std::to_string(id) + "@here.example", kNow));
    mta::events::Attempted event{{id}, "me@here.example", {}, {}, {}};
    event.recipients.push_back(outcome_of(end, to, code, reply));
    add(frames_of(std::move(event), kNow + std::chrono::seconds(2)));
  }
  void delivered(std::uint64_t id, std::int64_t uid, const std::string& to) {
    letter(id, uid, to, mta::events::Disposition::delivered, 250, "250 2.0.0 Ok: queued as 4ABC");
  }
  Ran why(std::vector<std::string> words, mta::control::ControlPeer peer = kRoot) {
    words.insert(words.begin(), "why");
    return run(backend, words, peer);
  }
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("why: of delivered mail the reply and its id are told, and a text for the receiver") {
  World world;
  world.delivered(7, 1001, "you@there.example");
  for (const std::string& what :
       {id_of(7), std::string("YOU@there.example"), std::string("<7@here.example>"), std::string("user1001@here.example")}) {
    const Ran ran = world.why({what});
    INFO(what << ": " << ran.out << ran.error);
    CHECK(ran.code == ExitCode::ok);
    CHECK(has(ran.out, "State:         delivered to the receiver's mail host\n"));
    CHECK(has(
        ran.out,
        "Cause:         Accepted by mx.example.org at Fri, 15 Jan 2027 08:00:02 +0000 with id 4ABC: from here on it is the receiver's.\n"));
    CHECK(has(ran.out, "Evidence:      mx.example.org [192.0.2.1:25] said: 250 2.0.0 Ok: queued as 4ABC"));
    CHECK(has(ran.out, "Who must act:  the recipient, then the postmaster of there.example\n"));
    CHECK(has(ran.out, "  | To: postmaster@there.example\n"));
    CHECK(has(ran.out, "  | Message-ID:  7@here.example\n"));
    CHECK(has(ran.out, "accepted from user1001@here.example for you@there.example, 1234 octets\n"));
    CHECK(has(ran.out, "delivered: you@there.example: mx.example.org"));
  }
}

TEST_CASE("why: of mail that failed the cause, the reply and the one who must act are told") {
  World world;
  world.letter(7, 1001, "nobody@there.example", mta::events::Disposition::failed, 550, "550 5.1.1 no such user");
  const Ran ran = world.why({id_of(7)});
  INFO(ran.out);
  CHECK(has(ran.out, "State:         failed: no more attempts\n"));
  CHECK(has(ran.out, "said: 550 5.1.1 no such user"));
  CHECK(has(ran.out, "Who must act:  the sender\n"));
  CHECK_FALSE(has(ran.out, "Text to send"));
}

TEST_CASE("why: a message that waits is explained by the queue, with its history from the disk") {
  World world;
  world.add(accepted(7, envelope_of(1001, "me@here.example", {"you@there.example"}), "7@here.example", kNow));
  queue::Message message = make_message(7, 1001, "me@here.example", "you@there.example", "x");
  message.recipients[0].last = outcome_of(mta::events::Disposition::deferred, "", 451, "451 4.7.1 try again later").result;
  message.recipients[0].next_try = WallTime(std::chrono::hours(24 * 365 * 80));
  world.backend.add(message);
  const Ran ran = world.why({"you@there.example"}, kAlice);
  INFO(ran.out << ran.error);
  CHECK(ran.code == ExitCode::ok);
  CHECK(has(ran.out, "State:         waits; next attempt after "));
  CHECK(has(ran.out, "said: 451 4.7.1 try again later"));
  CHECK(has(ran.out, "History:\n"));
  message.held = true;
  world.backend.add(message);
  CHECK(has(world.why({id_of(7)}).out, "State:         held"));
}

TEST_CASE("why: mail of others is unknown to a user, in the words for no mail at all") {
  World world;
  world.delivered(7, 1001, "you@there.example");
  const Ran foreign = world.why({id_of(7)}, kBob), none = world.why({id_of(8)}, kBob);
  CHECK(foreign.code == ExitCode::nothing_matched);
  CHECK(foreign.out.empty());
  CHECK(foreign.error ==
        "mxpress: nothing is known of " + id_of(7) + ", or it is not yours; the history reaches back to Fri, 15 Jan 2027 08:00:00 +0000\n");
  CHECK(none.error.substr(none.error.find(',')) == foreign.error.substr(foreign.error.find(',')));
  CHECK(world.why({"you@there.example"}, kBob).code == ExitCode::nothing_matched);
  CHECK(world.why({"7@here.example"}, kBob).code == ExitCode::nothing_matched);
  CHECK(world.why({"--last"}, kBob).code == ExitCode::nothing_matched);
  CHECK(world.why({id_of(7)}, kAlice).code == ExitCode::ok);
}

TEST_CASE("why: --last is about the latest message of the user who asks") {
  World world;
  world.delivered(7, 1001, "a@there.example");
  world.delivered(8, 1001, "b@there.example");
  world.delivered(9, 1002, "c@there.example");
  CHECK(has(world.why({"--last"}, kAlice).out, id_of(8) + "  "));
  CHECK(has(world.why({"--last"}, kBob).out, id_of(9) + "  "));
  CHECK(world.why({"--last"}, kRoot).code == ExitCode::nothing_matched);
}

TEST_CASE("why: of an address the latest message is told in full, and twenty more in a line each") {
  World world;
  for (std::uint64_t id = 1; id <= 30; ++id) world.delivered(id, 1001, "you@there.example");
  const Ran ran = world.why({"you@there.example"});
  CHECK(ran.out.starts_with(id_of(30)));
  CHECK(has(ran.out, id_of(10) + "  "));
  CHECK_FALSE(has(ran.out, id_of(9) + "  "));
  const std::size_t first = ran.out.find("Evidence:");
  CHECK(ran.out.find("Evidence:", first + 1) == std::string::npos);
}

TEST_CASE("why: of several recipients the one that is asked for is explained, else the one that is worst off") {
  World world;
  world.add(accepted(7, envelope_of(1001, "me@here.example", {"a@x.example", "b@x.example", "c@x.example"}), "", kNow));
  mta::events::Attempted event{{7}, "me@here.example", {}, {}, {}};
  event.recipients.push_back(outcome_of(mta::events::Disposition::delivered, "a@x.example", 250, "250 ok"));
  event.recipients.push_back(outcome_of(mta::events::Disposition::failed, "b@x.example", 550, "550 5.1.1 no"));
  world.add(frames_of(std::move(event), kNow));
  const std::string counts = "; of 3 recipients: 1 failed, 1 unknown, 1 delivered\n";
  CHECK(has(world.why({id_of(7)}).out, "State:         failed: no more attempts" + counts));
  CHECK(has(world.why({"a@x.example"}).out, "State:         delivered to the receiver's mail host" + counts));
  CHECK(has(world.why({"c@x.example"}).out, "State:         not known"));
}

TEST_CASE("why: actions of operators are told, and what they ended") {
  World world;
  world.add(accepted(7, envelope_of(1001, "me@here.example", {"a@x.example"}), "", kNow));
  mta::events::Acted acted{{7}, queue::ActionKind::remove, 1000};
  acted.withdrawn.push_back({"a@x.example", ""});
  world.add(frames_of(std::move(acted), kNow));
  const Ran ran = world.why({id_of(7)}, kAlice);
  CHECK(has(ran.out, "State:         removed by an operator; nobody was told\n"));
  CHECK(has(ran.out, "removed by uid 1000\n"));
}

TEST_CASE("why: as JSON it has the fields of the protocol") {
  World world;
  world.delivered(7, 1001, "you@there.example");
  const Ran ran = world.why({"--json", id_of(7)});
  for (const char* part :
       {"\"outcome\":\"delivered\"", "\"paste\":\"To: postmaster@there.example\\n", "\"line\":[{\"time_ms\":1800000000000,"})
    CHECK(has(ran.out, part));
}

TEST_CASE("why: a word that is no id, address or Message-ID is a mistake") {
  World world;
  CHECK(world.why({"hello"}).code == ExitCode::usage);
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"why"}, {"why", "a@b.example", "--last"}, {"why", "a", "b"}, {"queue", "--last"}})
    CHECK_FALSE(mta::cli::parse_command_line(words));
}

TEST_CASE("why: the id in the replies of several mail hosts") {
  using mta::control::id_in_reply;
  CHECK(id_in_reply("250 2.0.0 Ok: queued as 4ABC123") == "4ABC123");
  CHECK(id_in_reply("250 OK id=1sXyzA-0000Bc-2d") == "1sXyzA-0000Bc-2d");
  CHECK(id_in_reply("250 2.6.0 <x@y.example> [InternalId=42, Hostname=m.example] Queued mail for delivery") == "42");
  CHECK(id_in_reply("250 2.0.0 4B1Message accepted for delivery").empty());
  CHECK(id_in_reply("250 ok").empty());
}
