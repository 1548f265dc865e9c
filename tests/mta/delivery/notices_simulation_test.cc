// The number of notices that a sender gets, and their contents. Virtual time.
#include <algorithm>
#include <catch2/catch.hpp>

#include "mta/delivery/notice_rate.h"
#include "mta/delivery/notices.h"
#include "tests/support/simulation.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::NoticeRate;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

struct World : Simulation {
  explicit World(const std::string& toml = "") : Simulation(toml) {
    dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.2");
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    host("192.0.2.2:25", here);
  }
  // Domains whose only mail host refuses connections.
  std::vector<std::string> dead_domains(int count) {
    std::vector<std::string> recipients;
    for (int i = 0; i < count; ++i) {
      const std::string domain = "d" + std::to_string(i) + ".example";
      dns->mx(domain, 10, "mx." + domain).a("mx." + domain, "192.0.2.9");
      recipients.push_back("you@" + domain);
    }
    return recipients;
  }
  std::size_t notices(const std::string& subject) const {
    return static_cast<std::size_t>(std::count_if(here.received.begin(), here.received.end(), [&](const SimulatedMail& mail) {
      return mail.content.find("Subject: " + subject) != std::string::npos;
    }));
  }
  std::size_t delays() const { return notices("Your message is delayed"); }
  std::size_t failures() const { return notices("Your message could not be delivered"); }
  SimulatedHost here, there;
};

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("simulation: notices come from sender_domain") {
  World world("sender_domain = \"here.example\"\n");
  SimulatedHost bad;
  bad.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
  world.host("192.0.2.1:25", bad);
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(30));
  REQUIRE(world.here.received.size() == 1);
  CHECK_THAT(world.here.received[0].content, Catch::Contains("From: Mail Delivery System <MAILER-DAEMON@here.example>\r\n"));
}

TEST_CASE("notices: who asks for NOTIFY=SUCCESS is told that a mailbox of this host has the message, and others are not") {
  const test::TempFolder folder;
  World world("spool.directory = \"" + folder.path().string() + "\"\n");
  world.submit("me@here.example", {"root@mail.here.example"}, {true, false, true, false});
  world.submit("", {"root@mail.here.example"}, {true, true, false, false});
  world.run_for(minutes(2));
  CHECK(world.here.received.empty());
  world.submit("me@here.example", {"root@mail.here.example"}, {true, true, false, false});
  world.run_for(minutes(2));
  REQUIRE(world.here.received.size() == 1);
  CHECK_THAT(world.here.received[0].content, Catch::Contains("Final-Recipient: rfc822; root@mail.here.example\r\nAction: delivered\r\n"));
  CHECK(world.queued() == 0);
}

TEST_CASE("notices: a message that waits for 300 dead domains gets one delay notice, and not another later") {
  World world;
  world.submit("me@here.example", world.dead_domains(300));
  world.run_for(hours(5));
  REQUIRE(world.delays() == 1);
  const std::string& notice = world.here.received[0].content;
  CHECK(count(notice, "Action: delayed") == 100);
  CHECK(count(notice, "Will-Retry-Until:") == 100);
  CHECK(notice.find("Recipients-Not-Listed: 200;") != std::string::npos);
  CHECK(notice.find("connection refused") != std::string::npos);
  world.crash();
  world.run_for(hours(24));
  CHECK(world.delays() == 1);
}

TEST_CASE("notices: a destination that is delayed later causes no second delay notice, before and after a restart") {
  World world("[destination.\"d1.example\"]\nretry.delay_notice = \"8h\"\n");
  world.submit("me@here.example", world.dead_domains(2));
  world.run_for(hours(5));
  REQUIRE(world.delays() == 1);
  CHECK(count(world.here.received[0].content, "Final-Recipient:") == 2);  // all waiting recipients
  SECTION("before") {}
  SECTION("after") { world.crash(); }
  world.run_for(hours(10));
  CHECK(world.delays() == 1);
}

TEST_CASE("notices: a delay notice that was being gathered when the daemon ended is sent after its start") {
  World world;
  world.submit("me@here.example", world.dead_domains(3));
  world.run_for(hours(4) + seconds(30));
  REQUIRE(world.delays() == 0);
  world.crash();
  world.run_for(minutes(15));
  CHECK(world.delays() == 1);
}

TEST_CASE("notices: a sender gets no more than forty notices of failure in an hour, and all of them in the end, through a restart") {
  World world;
  world.there.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
  world.host("192.0.2.1:25", world.there);
  for (int i = 0; i < 100; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(30));
  CHECK(world.failures() == NoticeRate::kEnded);
  SECTION("in one run") {
    world.run_for(minutes(60));
    CHECK(world.failures() == 2 * NoticeRate::kEnded);
    world.run_for(minutes(60));
    CHECK(world.failures() == 100);
  }
  SECTION("through a restart") {
    world.crash();
    world.run_for(hours(2));
    CHECK(world.failures() == 100);
  }
  CHECK(world.queued() == 0);
}

TEST_CASE("notices: others are told at once while the notices of one sender wait") {
  World world;
  world.there.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
  world.host("192.0.2.1:25", world.there);
  for (int i = 0; i < 100; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(2));
  world.submit("her@here.example", {"you@there.example"});
  world.run_for(minutes(2));
  CHECK(world.failures() == NoticeRate::kEnded + 1);
}

TEST_CASE("notices: who forges a sender, in whatever letters, gets it forty notices of failure, and delays none of its own mail") {
  World world;
  world.there.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
  world.host("192.0.2.1:25", world.there);
  const std::vector<std::string> spellings = {"her@here.example", "Her@here.example", "HER@here.example", "her+x@here.example"};
  for (std::size_t i = 0; i < 100; ++i) world.submit_as(1001, spellings[i % spellings.size()], {"you@there.example"});
  world.run_for(minutes(2));
  CHECK(world.failures() == NoticeRate::kEnded);
  world.submit_as(1002, "her@here.example", {"you@there.example"});
  world.run_for(minutes(2));
  CHECK(world.failures() == NoticeRate::kEnded + 1);
}

TEST_CASE("notices: a sender of many delayed messages is told of twenty in an hour, and of the rest no later than four hours after") {
  World world;
  const auto dead = world.dead_domains(1);
  for (int i = 0; i < 200; ++i) world.submit("me@here.example", dead);
  world.run_for(hours(4) + minutes(30));
  CHECK(world.delays() == NoticeRate::kDelays);
  world.run_for(hours(12));
  CHECK(world.delays() == 5 * NoticeRate::kDelays);
}

TEST_CASE("notices: a failure of 300 recipients is one notice that lists a hundred") {
  World world;
  world.there.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
  world.host("192.0.2.1:25", world.there);
  std::vector<std::string> recipients;
  for (int i = 0; i < 300; ++i) recipients.push_back("u" + std::to_string(i) + "@there.example");
  const auto id = world.submit("me@here.example", recipients);
  world.run_for(minutes(5));
  REQUIRE(world.failures() == 1);
  const std::string& notice = world.here.received[0].content;
  CHECK(count(notice, "Action: failed") == 100);
  CHECK(notice.find("... and 200 more recipients") != std::string::npos);
  CHECK(notice.find("mxpress show " + id.to_string()) != std::string::npos);
  CHECK(world.load(id).ended);
}

TEST_CASE("notices: one user's 1,500 delayed messages are told of in parts, and keep no other user's sender waiting for his notice") {
  World world;
  const auto dead = world.dead_domains(1);
  for (int i = 0; i < 1500; ++i) world.submit_as(33, "me" + std::to_string(i) + "@here.example", dead);
  world.submit_as(34, "other@here.example", dead);
  world.run_for(hours(4) + minutes(5));
  CHECK(world.delays() <= mta::delivery::Notices::kMostGathered / 2 + 1);
  CHECK(std::any_of(world.here.received.begin(), world.here.received.end(),
                    [](const SimulatedMail& mail) { return mail.recipients.find("<other@here.example>") != std::string::npos; }));
  world.run_for(hours(1));
  CHECK(world.delays() == 1501);
}

TEST_CASE("notices: 2,500 failures that are gathered keep no other user's notice waiting") {
  World world;
  world.there.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
  world.host("192.0.2.1:25", world.there);
  SimulatedHost slow;
  slow.takes = minutes(30);
  world.dns->mx("slow.example", 10, "mx.slow.example").a("mx.slow.example", "192.0.2.3");
  world.host("192.0.2.3:25", slow);
  for (int i = 0; i < 2500; ++i) world.submit_as(33, "me" + std::to_string(i) + "@here.example", {"you@there.example", "you@slow.example"});
  world.run_for(seconds(30));
  REQUIRE(world.failures() < 10);
  world.submit_as(34, "other@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  CHECK(std::any_of(world.here.received.begin(), world.here.received.end(),
                    [](const SimulatedMail& mail) { return mail.recipients.find("<other@here.example>") != std::string::npos; }));
  world.run_for(minutes(2));
  CHECK(world.failures() == 2501);
}

TEST_CASE("notices: what is told of one user's mail uses his shares, and is not his") {
  World world;
  world.there.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
  world.host("192.0.2.1:25", world.there);
  world.refuse("192.0.2.2:25");
  world.submit_as(33, "me@here.example", {"you@there.example"});
  world.run_for(minutes(2));
  const auto waiting = world.ids();
  REQUIRE(waiting.size() == 1);
  const auto notice = world.load(waiting[0]);
  REQUIRE(notice.envelope.is_notice);
  CHECK(notice.envelope.submitter.uid == -1);
  CHECK(notice.envelope.submitter.share_owner() == proto::ShareOwner::user(33));
}

TEST_CASE("notices: those of a user who has used up his share of memory wait, those of others do not, and all are sent in the end") {
  World world;
  world.memory = 64 * 1024;
  world.crash();
  world.there.dot = [] { return "550 5.7.1 refused"; };
  world.there.takes = seconds(10);  // they do not all fail at one moment
  world.host("192.0.2.1:25", world.there);
  const auto far = [](int number) {  // four notices for each
    return "d" + std::to_string(number / 4) + "." + std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') +
           ".example";
  };
  for (int i = 0; i < 100; i += 4) world.dns->mx(far(i), 10, "mx.far.example");
  world.dns->a("mx.far.example", "192.0.2.9");
  for (int i = 0; i < 100; ++i) world.submit_as(33, "u" + std::to_string(i) + "@" + far(i), {"you@there.example"});
  world.run_for(minutes(20));
  const auto waiting = world.ids();
  const auto notices = std::count_if(waiting.begin(), waiting.end(), [&](auto id) { return world.load(id).envelope.is_notice; });
  CHECK(notices > 8);
  CHECK(notices < 80);
  world.submit_as(34, "other@here.example", {"you@there.example"});
  world.run_for(minutes(2));
  CHECK(world.failures() == 1);
  SimulatedHost awake;
  world.host("192.0.2.9:25", awake);
  world.run_for(hours(3));
  CHECK(awake.received.size() == 100);
  CHECK(world.queued() == 0);
}

TEST_CASE("notices: those that fail while their user has used up his share of memory go to the local mailbox, and make room") {
  const test::TempFolder folder;
  World world("spool.directory = \"" + folder.path().string() + "\"\n");
  world.memory = 64 * 1024;
  world.crash();
  world.there.dot = [] { return "550 5.7.1 refused"; };
  world.there.takes = seconds(10);
  world.host("192.0.2.1:25", world.there);
  const std::string far = std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') + ".example";
  world.dns->mx(far, 10, "mx.far.example").a("mx.far.example", "192.0.2.9");
  for (int i = 0; i < 100; ++i) world.submit_as(33, "u" + std::to_string(i) + "@" + far, {"you@there.example"});
  world.run_for(minutes(20));
  REQUIRE(world.queued() > 50);
  SimulatedHost refuses;
  refuses.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
  world.host("192.0.2.9:25", refuses);
  world.run_for(hours(6));
  CHECK(world.queued() == 0);
}

TEST_CASE("notices: a full disk, or one that fails, delays them no longer than that, and is told of in few lines") {
  World world;
  world.there.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
  world.host("192.0.2.1:25", world.there);
  SimulatedHost slow;  // so that the failures of a message are gathered
  slow.takes = minutes(9);
  world.dns->mx("slow.example", 10, "mx.slow.example").a("mx.slow.example", "192.0.2.3");
  world.host("192.0.2.3:25", slow);
  const bool is_full = GENERATE(true, false);
  for (int i = 0; i < 45; ++i) world.submit("me@here.example", {"you@there.example", "you@slow.example"});
  world.run_for(seconds(50));
  REQUIRE(world.failures() == 0);
  if (is_full)
    world.disk.set_room({0, 0});
  else
    world.disk.fail_on("journal", "broken");
  world.run_for(minutes(30));
  CHECK(world.failures() == 0);
  if (is_full)
    world.disk.set_room({100u << 20, 5000});
  else
    world.disk.fail_on("", "");
  world.run_for(minutes(5));
  CHECK(world.failures() == NoticeRate::kEnded);
  const auto told = std::count_if(world.log.begin(), world.log.end(), [](const std::string& line) {
    return line.find("notice_waits") != std::string::npos || line.find("notice_not_stored") != std::string::npos;
  });
  CHECK(told <= 30 * 32);
}
