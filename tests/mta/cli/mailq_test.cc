// mailq for users who may not see others' mail, and mail that waits outside the queue: never called empty, always counted.
#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <regex>

#include "mta/control/service.h"
#include "proto/control.pb.h"
#include "queue/message.h"
#include "tests/support/fake_control.h"
#include "tests/support/mxpress_command.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using mxpress::mta::cli::ExitCode;
using mxpress::testing::FakeControl;
using mxpress::testing::make_message;
using mxpress::testing::run;

namespace {

constexpr mta::control::ControlPeer kUser{1001, false};

// As check_mailq of the monitoring plugins parses sendmail's mailq: lines that it does not know are ignored.
int counted_as_sendmail(const std::string& output) {
  std::smatch found;
  return std::regex_search(output, found, std::regex("\n\\s+Total requests:\\s(\\d+)\n", std::regex::icase)) ? std::stoi(found[1]) : 0;
}

// The same for Postfix's mailq: only the last line counts. -1: it cannot be parsed.
int counted_by_monitoring(const std::string& output) {
  const std::string last = output.substr(output.rfind('\n', output.size() - 2) + 1);
  std::smatch found;
  if (std::regex_search(last, found, std::regex("Kbytes in (\\d+)"))) return std::stoi(found[1]);
  return last.find("Mail queue is empty") == std::string::npos ? -1 : 0;
}

void add_many(FakeControl& backend, std::uint64_t first, std::size_t count, std::int64_t uid) {
  for (std::uint64_t id = first; id < first + count; ++id)
    backend.add(make_message(id, uid, "secret@here.example", "hidden@there.example", std::string(1024, 'x')));
}

void leave(const FakeControl& backend, const std::string& name) {
  boost::filesystem::create_directories(backend.settings.drop_directory());
  boost::filesystem::ofstream(backend.settings.drop_directory() / name) << "MAIL";
}

}  // namespace

TEST_CASE("mailq: monitoring by a user without mail counts what waits of others, and sees no address") {
  FakeControl backend;
  add_many(backend, 1, 60, 0);
  const auto ran = run(backend, {"mailq"}, kUser);
  CHECK(ran.code == ExitCode::ok);
  CHECK(ran.out ==
        "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"
        "                Total requests: 60\n"
        "-- 0 Kbytes in 60 Requests. 60 messages of other users not listed (root and the group mxpress see all).\n");
  CHECK(counted_by_monitoring(ran.out) == 60);
  CHECK(counted_as_sendmail(ran.out) == 60);
}

TEST_CASE("mailq: own mail is listed, and counted together with that of others") {
  FakeControl backend;
  add_many(backend, 1, 3, 1001);
  add_many(backend, 10, 1, 1002);
  const auto ran = run(backend, {"mailq"}, kUser);
  CHECK_THAT(ran.out, Catch::Contains("0000000000003* ") && !Catch::Contains("000000000000A"));
  CHECK_THAT(ran.out,
             Catch::EndsWith("-- 3 Kbytes in 4 Requests. 1 message of other users not listed (root and the group mxpress see all).\n"));
  CHECK_THAT(run(backend, {"mailq"}).out, Catch::EndsWith("hidden@there.example\n\n-- 4 Kbytes in 4 Requests.\n"));  // as Postfix, exactly
}

TEST_CASE("mailq: notices, held mail and mail of unknown users wait as any other") {
  FakeControl backend;
  queue::Message notice = make_message(1, -1, "", "me@here.example", "x");
  notice.envelope.is_notice = true;
  backend.add(std::move(notice));
  queue::Message held = make_message(2, 0, "me@here.example", "you@there.example", "x");
  held.held = true;
  backend.add(std::move(held));
  queue::Message ended = make_message(3, 0, "me@here.example", "you@there.example", "x");
  ended.ended = true;
  backend.add(std::move(ended));
  const auto ran = run(backend, {"mailq"}, kUser);
  CHECK(counted_by_monitoring(ran.out) == 2);
  CHECK(counted_as_sendmail(ran.out) == 2);
}

TEST_CASE("mailq: an empty queue is called empty, whoever asks") {
  FakeControl backend;
  CHECK(run(backend, {"mailq"}, kUser).out == "Mail queue is empty\n");
  CHECK(run(backend, {"mailq"}).out == "Mail queue is empty\n");
  CHECK(run(backend, {"queue"}, kUser).out == "The queue is empty.\n");
  CHECK(run(backend, {"mailq", "--json"}, kUser).out.empty());
}

TEST_CASE("mailq: what sendmail has left in the drop folder counts, what is still being written does not") {
  const test::TempFolder folder;
  FakeControl backend;
  backend.settings.spool_directory = folder.path();
  leave(backend, "a.part");
  CHECK(run(backend, {"mailq"}).out == "Mail queue is empty\n");
  leave(backend, "b");
  leave(backend, "c");
  for (const auto& peer : {mta::control::ControlPeer{0, true}, kUser}) {
    const auto ran = run(backend, {"mailq"}, peer);
    CHECK_THAT(ran.out, Catch::EndsWith("\n-- 0 Kbytes in 2 Requests. 2 messages in the drop folder not listed.\n"));
    CHECK(counted_by_monitoring(ran.out) == 2);
    CHECK(run(backend, {"queue"}, peer).out == "2 messages of sendmail wait in the drop folder for mxpressd to take them.\n");
    CHECK(run(backend, {"mailq", "--json"}, peer).out == "{\"listed\":0,\"waiting\":2,\"of_others\":0,\"dropped\":2}\n");
  }
}

TEST_CASE("mxpress queue: a user is told how many messages of others wait, and nothing else of them") {
  FakeControl backend;
  add_many(backend, 1, 2, 0);
  CHECK(run(backend, {"queue"}, kUser).out ==
        "No mail of yours waits; 2 messages of other users do (root and the group mxpress see all).\n");
  CHECK(run(backend, {"queue", "--json"}, kUser).out == "{\"listed\":0,\"waiting\":2,\"of_others\":2,\"dropped\":0}\n");
  backend.add(make_message(9, 1001, "me@here.example", "you@there.example", "x"));
  const auto ran = run(backend, {"queue"}, kUser);
  CHECK(ran.code == ExitCode::ok);
  CHECK_THAT(ran.out, Catch::StartsWith("0000000000009 ") && !Catch::Contains("secret") && !Catch::Contains("hidden") &&
                          Catch::EndsWith("\n2 messages of other users are not listed (root and the group mxpress see all).\n"));
}

TEST_CASE("mxpress queue: no condition makes a user learn how many messages of others fulfil it") {
  FakeControl backend;
  add_many(backend, 1, 2, 0);
  for (const auto& condition : std::vector<std::vector<std::string>>{{"--recipient", "hidden@there.example"},
                                                                     {"--sender", "secret@here.example"},
                                                                     {"--domain", "there.example"},
                                                                     {"--state", "active"},
                                                                     {"--older", "1s"},
                                                                     {"0000000000001"}}) {
    std::vector<std::string> arguments{"queue"};
    arguments.insert(arguments.end(), condition.begin(), condition.end());
    const auto ran = run(backend, arguments, kUser);
    CHECK(ran.code == ExitCode::nothing_matched);
    CHECK(ran.out == "No message matches (root and the group mxpress see all).\n");
    arguments.emplace_back("--json");
    CHECK(run(backend, arguments, kUser).out.empty());
  }
}
