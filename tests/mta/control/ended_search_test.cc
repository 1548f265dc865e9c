// mxpress queue and mxpress show find ended messages, by recipient and by sender.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>

#include "mta/control/service.h"
#include "proto/control.pb.h"
#include "queue/message.h"
#include "tests/support/fake_control.h"
#include "tests/support/mxpress_command.h"

using namespace mxpress;
using mxpress::mta::cli::ExitCode;
using mxpress::testing::at;
using mxpress::testing::FakeControl;
using mxpress::testing::make_message;
using mxpress::testing::run;
using queue::RecipientStage;

namespace {

constexpr mta::control::ControlPeer kUser{1001, false};

proto::HostResult said(int klass, const std::string& text) {
  proto::HostResult result;
  result.host = "mx.there.example";
  result.address = "192.0.2.1:25";
  result.status = {klass, 0, 0};
  result.reply_code = klass * 110;
  result.text = text;
  return result;
}

// Ended at this second, with this outcome.
queue::Message ended(std::uint64_t id, std::int64_t second, std::int64_t uid = 0, const std::string& recipient = "you@there.example",
                     RecipientStage stage = RecipientStage::delivered) {
  queue::Message message = make_message(id, uid, "me@here.example", recipient, "x");
  message.ended = true;
  message.ended_at = at(second);
  message.content.reset();
  message.recipients[0].stage = stage;
  message.recipients[0].attempts = 1;
  message.recipients[0].last_time = at(second);
  message.recipients[0].last = stage == RecipientStage::delivered ? said(2, "250 2.0.0 queued") : said(5, "550 5.1.1 no such user");
  return message;
}

std::string id(std::uint64_t value) { return queue::QueueId{value}.to_string(); }

// The ids at the beginnings of lines, in their order.
std::vector<std::string> listed(const std::string& output) {
  std::vector<std::string> ids;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);)
    if (line.size() > 13 && line[0] == '0') ids.push_back(line.substr(0, 13));
  return ids;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("mxpress queue: by recipient, what has ended follows what waits, the latest first, with its outcome") {
  FakeControl backend;
  backend.add(ended(1, 100));
  backend.add(ended(2, 300, 0, "you@there.example", RecipientStage::ended));
  backend.add(ended(3, 200));
  backend.add(ended(4, 400, 0, "other@there.example"));
  backend.add(make_message(5, 0, "me@here.example", "you@there.example", "x"));
  const auto ran = run(backend, {"queue", "--recipient", "you@there.example"});
  CHECK(ran.code == ExitCode::ok);
  CHECK(listed(ran.out) == Ids{id(5), id(2), id(3), id(1)});
  CHECK_THAT(ran.out, Catch::Contains("    to you@there.example, delivered ") &&
                          Catch::Contains(" ago; mx.there.example [192.0.2.1:25] said: 250 2.0.0 queued\n") &&
                          Catch::Contains("    to you@there.example, could not be delivered; the sender has been told: mx.there.example "
                                          "[192.0.2.1:25] said: 550 5.1.1 no such user\n"));
}

TEST_CASE("mxpress queue: by sender, what has ended is found, also what has none") {
  FakeControl backend;
  backend.add(ended(1, 100));
  queue::Message notice = ended(2, 200);
  notice.envelope.reverse_path = {};
  backend.add(notice);
  CHECK(listed(run(backend, {"queue", "--sender", "me@here.example"}).out) == Ids{id(1)});
  CHECK(listed(run(backend, {"queue", "--sender", "<>"}).out) == Ids{id(2)});
  CHECK(run(backend, {"queue", "--sender", "you@here.example"}).code == ExitCode::nothing_matched);
  CHECK(listed(run(backend, {"queue", "--sender", "me@here.example", "--recipient", "you@there.example"}).out) == Ids{id(1)});
  CHECK(run(backend, {"queue", "--sender", "<>", "--recipient", "me@there.example"}).code == ExitCode::nothing_matched);
}

TEST_CASE("mxpress queue: an address is found in each form that means the same mailbox, and by the alias it was given as") {
  FakeControl backend;
  backend.add(ended(1, 100, 0, "\"user..name\"@there.example"));
  backend.add(ended(2, 200, 0, "J.Doe@there.example"));
  queue::Message aliased = ended(3, 300, 0, "admin@far.example");
  aliased.envelope.recipients[0].original_recipient = "rfc822;root@here.example";
  backend.add(aliased);
  CHECK(listed(run(backend, {"queue", "--recipient", "user..name@there.example"}).out) == Ids{id(1)});
  CHECK(listed(run(backend, {"queue", "--recipient", "\"j.doe\"@THERE.example"}).out) == Ids{id(2)});
  const auto ran = run(backend, {"queue", "--recipient", "root@here.example"});
  CHECK(listed(ran.out) == Ids{id(3)});
  CHECK_THAT(ran.out, Catch::Contains("    to admin@far.example (for root@here.example), delivered "));
  CHECK(listed(run(backend, {"queue", "--recipient", "admin@far.example"}).out) == Ids{id(3)});
}

TEST_CASE("mxpress queue: of a message that still waits for others it says what became of the recipient") {
  FakeControl backend;
  queue::Message message = make_message(1, 0, "me@here.example", "waits@there.example", "x");
  for (const char* recipient : {"you@there.example", "other@there.example"}) {
    message.envelope.recipients.push_back({*proto::Mailbox::parse(recipient), {}, {}});
    message.recipients.push_back(ended(2, 900).recipients[0]);
  }
  backend.add(message);
  const auto ran = run(backend, {"queue", "--recipient", "you@there.example"});
  CHECK(ran.code == ExitCode::ok);
  CHECK_THAT(ran.out, Catch::Contains("    to you@there.example, delivered ") &&
                          Catch::Contains("    to waits@there.example, next try now\n") && !Catch::Contains("other@"));
  // Ended messages cannot be acted on.
  CHECK(run(backend, {"remove", "--recipient", "you@there.example"}).code == ExitCode::nothing_matched);
  CHECK(run(backend, {"queue", "--recipient", "you@there.example", "--ended", "0"}).code == ExitCode::nothing_matched);
  CHECK(run(backend, {"queue", "--recipient", "you@there.example", "--state", "active"}).code == ExitCode::nothing_matched);
}

TEST_CASE("mxpress queue: of many that have ended the latest are shown, as many as asked for, and it says that there are more") {
  FakeControl backend;
  for (std::uint64_t i = 1; i <= 150; ++i) backend.add(ended(i, static_cast<std::int64_t>(i)));
  const auto by_default = run(backend, {"queue", "--recipient", "you@there.example"});
  CHECK(listed(by_default.out).size() == 100);
  CHECK(listed(by_default.out).front() == id(150));
  CHECK_THAT(by_default.out, Catch::EndsWith("More have ended; --ended N shows so many.\n"));
  const auto three = run(backend, {"queue", "--ended", "3"});
  CHECK(listed(three.out) == Ids{id(150), id(149), id(148)});
  const auto all = run(backend, {"queue", "--recipient", "you@there.example", "--ended", "150"});
  CHECK(listed(all.out).size() == 150);
  CHECK_THAT(all.out, !Catch::Contains("More have ended"));
  const auto json = run(backend, {"queue", "--ended", "1", "--json"});
  CHECK_THAT(json.out, Catch::StartsWith("{\"id\":\"" + id(150) + "\",\"state\":\"ended\"") && Catch::EndsWith("{\"more_ended\":true}\n"));
  CHECK(run(backend, {"queue"}).out == "The queue is empty.\n");
  CHECK(run(backend, {"queue", "--messages"}).out == "The queue is empty.\n");
}

TEST_CASE("mxpress show: by address, it tells the lives of what waits and of what has ended") {
  FakeControl backend;
  backend.add(ended(1, 100));
  backend.add(ended(2, 200, 0, "other@there.example"));
  backend.add(make_message(3, 0, "me@here.example", "you@there.example", "x"));
  const auto ran = run(backend, {"show", "--recipient", "you@there.example"});
  CHECK(ran.code == ExitCode::ok);
  CHECK_THAT(ran.out, Catch::StartsWith("Message " + id(3) + " (active)\n") && Catch::Contains("\n\nMessage " + id(1) + " (ended)\n") &&
                          !Catch::Contains(id(2)));
  CHECK(run(backend, {"show", "--recipient", "nobody@there.example"}).code == ExitCode::nothing_matched);
  CHECK_THAT(run(backend, {"show", "--sender", "me@here.example", "--ended", "1", "--json"}).out,
             Catch::Contains("\"id\":\"" + id(3)) && Catch::Contains("\"id\":\"" + id(2)) && !Catch::Contains("\"id\":\"" + id(1)));
}

TEST_CASE("mxpress queue: a message that is ended for all but the disk is told once") {
  FakeControl backend;
  queue::Message message = ended(1, 100);
  message.ended = false;
  backend.add(message);
  CHECK(listed(run(backend, {"queue", "--recipient", "you@there.example"}).out) == Ids{id(1)});
  CHECK(run(backend, {"remove", "--recipient", "you@there.example"}).code == ExitCode::nothing_matched);
}

TEST_CASE("mxpress queue: an ended message to thousands is told in a few lines") {
  FakeControl backend;
  queue::Message message = ended(1, 100, 0, "user0@there.example");
  for (int i = 1; i < 3000; ++i) {
    message.envelope.recipients.push_back({*proto::Mailbox::parse("user" + std::to_string(i) + "@there.example"), {}, {}});
    message.recipients.push_back(message.recipients[0]);
  }
  backend.add(message);
  CHECK_THAT(
      run(backend, {"queue", "--sender", "me@here.example"}).out,
      Catch::Contains("user9@") && !Catch::Contains("user10@") && Catch::EndsWith("    and 2990 more (mxpress show " + id(1) + ")\n"));
  CHECK_THAT(run(backend, {"queue", "--recipient", "user2999@there.example"}).out,
             Catch::Contains("user2999@") && !Catch::Contains("user0@") && !Catch::Contains("more"));
}

TEST_CASE("mxpress queue: a user finds what has ended of his own, and learns nothing of others") {
  FakeControl backend;
  backend.add(ended(1, 100, 1001));
  backend.add(ended(2, 200, 1002));
  backend.add(ended(3, 300, -1));
  for (const auto& search : std::vector<std::vector<std::string>>{
           {"queue", "--recipient", "you@there.example"}, {"queue", "--sender", "me@here.example"}, {"queue", "--ended", "100"}}) {
    CHECK(listed(run(backend, search, kUser).out) == Ids{id(1)});
    CHECK(run(backend, search, {1003, false}).code == ExitCode::nothing_matched);
  }
  CHECK(run(backend, {"show", "--recipient", "you@there.example"}, {1003, false}).code == ExitCode::nothing_matched);
  CHECK(run(backend, {"queue", id(2)}, kUser).code == ExitCode::nothing_matched);
  CHECK(listed(run(backend, {"queue", id(1)}, kUser).out) == Ids{id(1)});
}

TEST_CASE("control: a search by a user reads his own messages alone, and costs the same whatever others have") {
  FakeControl backend;
  for (std::uint64_t i = 1; i <= 5; ++i) backend.add(ended(i, 100, 1001));
  control_pb::Request request;
  request.mutable_list()->mutable_selector()->set_recipient("you@there.example");
  request.mutable_list()->set_ended(100);
  const auto loads = [&] {
    backend.loads = 0;
    mta::control::answer_control(request, kUser, backend, at(1000), [](const control_pb::Response&) { return true; });
    return backend.loads.load();
  };
  CHECK(loads() == 5);
  for (std::uint64_t i = 6; i <= 500; ++i) backend.add(ended(i, 100, 1002));
  CHECK(loads() == 5);
}

TEST_CASE("mxpress: --ended is for looking, and show needs an id or an address") {
  const auto mistake = [](std::vector<std::string> arguments) {
    const auto line = mta::cli::parse_command_line(arguments);
    return line ? std::string("none") : line.error().message;
  };
  CHECK_THAT(mistake({"remove", "--all", "--ended", "1"}), Catch::Contains("--ended is for"));
  CHECK_THAT(mistake({"queue", "--ended", "1", "--state", "held"}), Catch::Contains("exclude each other"));
  CHECK_THAT(mistake({"queue", "--ended", "many"}), Catch::Contains("ended"));
  CHECK_THAT(mistake({"queue", "--ended", "-1"}), Catch::Contains("ended"));
  CHECK_THAT(mistake({"show"}), Catch::Contains("one queue id, or --recipient"));
  CHECK_THAT(mistake({"show", "--all"}), Catch::Contains("one queue id"));
  CHECK(mistake({"show", "--domain", "there.example"}) == "none");
  CHECK(mistake({"cat", "--recipient", "you@there.example"}) != "none");
}
