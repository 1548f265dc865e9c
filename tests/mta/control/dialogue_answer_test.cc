// mxpress dialogue: what is kept, who sees it, and which commands name it.
#include <catch2/catch.hpp>
#include <thread>

#include "mta/events/followers.h"
#include "mta/history/recorder.h"
#include "mta/history/search.h"
#include "mta/history/store.h"
#include "proto/control.pb.h"
#include "proto/dialogue.h"
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
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

struct World {
  ForgetfulDisk disk;
  mta::history::Store store{disk, "/dialogues", [] { return std::uint64_t{1}; }};
  mta::history::Search search{disk, "/dialogues"};
  FakeControl backend;
  World() { backend.past_dialogues = &search; }
  void add(std::uint64_t id, std::int64_t uid, const std::string& reply) {
    std::string stored;
    proto::append(stored,
                  {"mx.there.example",
                   "192.0.2.1:25",
                   kNow,
                   {{proto::Speaker::client, "RCPT TO:<a@b.example>", Duration(1)}, {proto::Speaker::host, reply, Duration(1250)}}},
                  10'000);
    REQUIRE(store.append(frames_of(mta::events::Conversed{{id}, uid, proto::ShareOwner::user(uid), stored}, kNow), {}, kNow));
  }
  Ran ask(std::vector<std::string> words, mta::control::ControlPeer peer = kRoot) { return run(backend, words, peer); }
};

}  // namespace

TEST_CASE("mxpress dialogue: prints the latest attempt, and says how many there are before") {
  World world;
  world.add(7, 1001, "450 first");
  world.add(7, 1001, "550 \x1b second");
  const Ran latest = world.ask({"dialogue", id_of(7)});
  INFO(latest.out << latest.error);
  CHECK(latest.code == ExitCode::ok);
  CHECK(has(latest.out, "mx.there.example [192.0.2.1:25], "));
  CHECK(has(latest.out, "   0.001 s  >>  RCPT TO:<a@b.example>\n   1.250 s  <<  550  second\n"));
  CHECK_FALSE(has(latest.out, "450 first"));
  CHECK(has(latest.out, "Earlier attempts: 1. See mxpress dialogue --all " + id_of(7)));
  const Ran all = world.ask({"dialogue", "--all", id_of(7)});
  CHECK(all.out.find("450 first") < all.out.find("550  second"));
  CHECK_FALSE(has(all.out, "Earlier"));
  CHECK(has(world.ask({"dialogue", "--json", id_of(7)}).out, R"("line":[{"from":"client","text":"RCPT TO:<a@b.example>","ms":1})"));
}

TEST_CASE("mxpress dialogue: a user sees his own; of others the answer is that of mail that is not there") {
  World world;
  world.add(7, 1001, "550 no");
  world.add(8, -1, "550 no");
  CHECK(world.ask({"dialogue", id_of(7)}, kAlice).code == ExitCode::ok);
  const Ran foreign = world.ask({"dialogue", id_of(7)}, kBob), none = world.ask({"dialogue", id_of(9)}, kBob);
  CHECK(foreign.code == ExitCode::nothing_matched);
  CHECK(foreign.out.empty());
  std::string text = none.error;
  text.replace(text.find(id_of(9)), id_of(9).size(), id_of(7));
  CHECK(foreign.error == text);
  CHECK(world.ask({"dialogue", id_of(8)}, kBob).code == ExitCode::nothing_matched);
  CHECK(world.ask({"dialogue", id_of(8)}).code == ExitCode::ok);
}

TEST_CASE("mxpress dialogue: show and why name it where there is one") {
  World world;
  world.backend.add(make_message(7, 1001, "me@here.example", "you@there.example", "x"));
  world.backend.add(make_message(8, 1001, "me@here.example", "you@there.example", "x"));
  world.add(7, 1001, "550 no");
  for (const std::string command : {"show", "why"}) {
    CHECK(has(world.ask({command, id_of(7)}, kAlice).out, "What the mail host said: mxpress dialogue " + id_of(7)));
    CHECK_FALSE(has(world.ask({command, id_of(8)}, kAlice).out, "mxpress dialogue"));
  }
}

TEST_CASE("mxpress dialogue: the recorder of dialogues takes them alone, and that of the history all else") {
  ForgetfulDisk disk;
  const auto store_in = [&](const char* folder) { return mta::history::Store(disk, folder, [] { return std::uint64_t{7}; }); };
  const auto limits = [] { return mta::history::Limits(); };
  mta::history::Recorder history(store_in("/history"), limits);
  mta::history::Recorder dialogues(store_in("/dialogues"), limits, mta::history::Recorder::What::dialogues);
  REQUIRE(history.start());
  REQUIRE(dialogues.start());
  const auto envelope = envelope_of(1001, "me@here.example", {"a@x.example"});
  for (mta::history::Recorder* recorder : {&history, &dialogues}) {
    recorder->take(mta::events::Accepted{{7}, envelope, 1, ""});
    recorder->take(mta::events::Conversed{{7}, 1001, proto::ShareOwner::user(1001), "H 1 a:25 mx\nS 1 550 no\n"});
    recorder->flush();
  }
  const auto kinds_in = [&](const char* folder) {
    std::vector<mta::history::RecordKind> kinds;
    const mta::history::Search search(disk, folder);
    REQUIRE(search.run(
        {{mta::history::Key::of({7}, 1001)}}, [&](const auto& hit) { return kinds.push_back(hit.record.kind), true; },
        [](std::uint64_t) { return true; }));
    return kinds;
  };
  CHECK(kinds_in("/history") == std::vector{mta::history::RecordKind::accepted});
  CHECK(kinds_in("/dialogues") == std::vector{mta::history::RecordKind::dialogue});
}

TEST_CASE("mxpress tail: a user gets his own mail's events by what the spool says, not by shares") {
  World world;
  mta::events::Followers followers;
  world.backend.following = &followers;
  world.backend.add(make_message(7, 1001, "me@here.example", "you@there.example", "x"));
  world.backend.add(make_message(8, 1002, "me@here.example", "you@there.example", "x"));
  const auto envelope = envelope_of(1001, "me@here.example", {"a@x.example"});
  std::thread mail([&] {
    while (world.backend.looks < 2) {  // until both were looked at
      for (const std::uint64_t id : {7u, 8u}) followers.take(mta::events::Accepted{{id}, envelope, 1, ""});
      std::this_thread::yield();
    }
    followers.close();
  });
  const Ran ran = world.ask({"tail"}, kAlice);
  mail.join();
  INFO(ran.out << ran.error);
  CHECK(has(ran.out, id_of(7) + " accepted"));
  CHECK_FALSE(has(ran.out, id_of(8)));
}

TEST_CASE("mxpress tail, debug: without a daemon, or for what is no address, they end") {
  World world;
  CHECK(world.ask({"tail"}).code == ExitCode::failed);
  mta::events::Followers followers;
  world.backend.following = &followers;
  CHECK(world.ask({"tail", "no such thing"}).code == ExitCode::usage);
  CHECK(world.ask({"tail", "--uid", "1001"}, kBob).code == ExitCode::refused);
  CHECK(world.ask({"debug", "a@b.example", "--retry"}, kBob).code == ExitCode::refused);
  CHECK(world.ask({"debug", "a@b.example", "--retry"}).code == ExitCode::nothing_matched);
  CHECK(world.ask({"debug", "a@b.example", "--wait", "1s"}).code == ExitCode::nothing_matched);
  CHECK_FALSE(followers.has_debuggers());
}
