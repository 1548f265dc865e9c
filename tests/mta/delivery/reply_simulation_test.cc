// Days of mail to hosts that refuse it for a fault of this host, in virtual time.
#include <algorithm>
#include <catch2/catch.hpp>

#include "mta/replies/current_rules.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using queue::RecipientStage;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr const char* kListed = "554 5.7.1 Client host blocked using bl.example.net";

struct World : Simulation {
  SimulatedHost there, here;
  int asked = 0;  // RCPT at there.example
  std::string reply = "250 ok";

  explicit World(const std::string& toml = "") : Simulation(toml) {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.2");
    host("192.0.2.1:25", there);
    host("192.0.2.2:25", here);
    there.rcpt = [this](const std::string&) { return ++asked, reply; };
    mta::Config with_rules = *config.get();
    with_rules.replies =
        std::make_shared<const mta::replies::RuleSet>(mta::replies::parse_rules(mta::replies::kOwnRules, "replies.toml").rules);
    config.set(std::move(with_rules));
  }
  std::size_t lines(const std::string& part) const {
    return static_cast<std::size_t>(
        std::count_if(log.begin(), log.end(), [&](const std::string& line) { return line.find(part) != line.npos; }));
  }
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Without line ends.
std::string unwrapped(std::string text) {
  for (auto at = text.find("\r\n"); at != text.npos; at = text.find("\r\n", at)) text.replace(at, 2, " ");
  return text;
}

}  // namespace

TEST_CASE("replies: mail of a listed host is kept, tried every four hours, and delivered once the host takes it") {
  World world;
  world.reply = kListed;
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(hours(9));
  CHECK(world.asked == 3);
  CHECK(world.load(id).recipients[0].stage == RecipientStage::pending);
  world.reply = "250 ok";
  world.run_for(hours(5));
  CHECK(world.there.received.size() == 1);
  CHECK(world.load(id).recipients[0].stage == RecipientStage::delivered);
}

TEST_CASE("replies: after own_fault_lifetime the mail goes back, with the refusal as it was") {
  World world;
  world.reply = kListed;
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(hours(47));
  CHECK(world.load(id).recipients[0].stage == RecipientStage::pending);
  world.run_for(hours(6));
  CHECK(world.load(id).recipients[0].stage == RecipientStage::ended);
  REQUIRE(world.here.received.size() == 2);  // of delay and of failure
  const std::string& notice = world.here.received[1].content;
  CHECK(contains(notice, "Action: failed\r\nStatus: 5.7.1\r\n"));
  CHECK(contains(unwrapped(notice), "It is for the administrator of this host to act: "));
  CHECK(contains(world.here.received[0].content, "Action: delayed\r\nStatus: 4.7.1\r\n"));
  CHECK(world.queued() == 0);
}

TEST_CASE("replies: with own_fault_lifetime = 0 it goes back at once") {
  World world("[retry]\nown_fault_lifetime = \"0\"\n");
  world.reply = kListed;
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(2));
  CHECK(world.here.received.size() == 1);
  CHECK(world.queued() == 0);
}

TEST_CASE("replies: an unknown recipient bounces at once, whatever else fails") {
  World world;
  world.reply = "550 5.1.1 User unknown";
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(2));
  REQUIRE(world.here.received.size() == 1);
  CHECK(contains(unwrapped(world.here.received[0].content), "There is no such address at the receiver. No further attempt will be made."));
}

TEST_CASE("replies: much mail to a host that refuses this one burns few attempts, and all of it is returned in time") {
  World world;
  world.reply = kListed;
  for (int i = 0; i < 20; ++i) world.submit("me@here.example", {"you" + std::to_string(i) + "@there.example"});
  world.run_for(minutes(30));
  const int at_first = world.asked;
  CHECK(at_first <= 12);
  world.submit("me@here.example", {"new@there.example"});
  world.run_for(hours(3));
  CHECK(world.asked == at_first);  // new mail is no reason to ask
  world.run_for(hours(52));
  CHECK(world.asked <= at_first + 40);
  CHECK(world.queued() == 0);
}

TEST_CASE("replies: a single alert tells of a site that refuses this host") {
  World world;
  world.reply = kListed;
  for (int i = 0; i < 5; ++i) world.submit("me@here.example", {"you" + std::to_string(i) + "@there.example"});
  world.run_for(hours(30));
  CHECK(world.lines("refused hosts=") == 1);
  CHECK(world.lines(" class=reputation who=administrator cause=") >= 5);
}

TEST_CASE("replies: one user's mail that is refused keeps nobody else's from the host") {
  World world;
  world.reply = "250 ok";
  world.there.mail = [](const std::string& sender) { return contains(sender, "bad") ? kListed : std::string("250 ok"); };
  for (int i = 0; i < 3; ++i) world.submit_as(1001, "bad@here.example", {"you@there.example"});
  world.run_for(minutes(5));
  world.submit_as(1002, "good@here.example", {"you@there.example"});
  world.run_for(minutes(1));
  CHECK(world.there.received.size() == 1);
}

TEST_CASE("replies: what the owner of a domain lets the host say of it keeps none of the same user's mail for other domains there") {
  World world;
  world.dns->mx("tenant.example", 10, "mx.there.example");
  int refused = 0;
  const std::string said = GENERATE(as<std::string>(), kListed, "450 4.7.1 Too many messages, try again in 3600 seconds",
                                    "530 SMTP authentication is required.");
  world.there.rcpt = [&](const std::string& recipient) {
    return contains(recipient, "@tenant.example") ? (++refused, said) : std::string("250 ok");
  };
  for (int i = 0; i < 4; ++i) world.submit_as(1001, "app@here.example", {"bad" + std::to_string(i) + "@tenant.example"});
  world.run_for(seconds(5));
  for (int i = 0; i < 50; ++i) {
    world.submit_as(1001, "app@here.example", {"you@there.example"});
    world.run_for(seconds(5));
    CHECK(world.there.received.size() == static_cast<std::size_t>(i) + 1);
  }
  CHECK(refused <= 8);
}

TEST_CASE("replies: a host that repeats a recipient whose quoted local part reads as a fault of this host is understood") {
  World world;
  world.there.rcpt = [](const std::string& recipient) {
    return contains(recipient, "you@") ? "250 ok" : "550 5.1.1 " + recipient + ": Recipient address rejected: User unknown";
  };
  for (const char* words : {"(s3140) 1", "blocked using zen.spamhaus.org", "access denied, banned sender"})
    world.submit("me@here.example", {"\"" + std::string(words) + "\"@there.example"});
  world.run_for(minutes(1));
  CHECK(world.here.received.size() == 3);
  CHECK(world.queued() == 0);
}

TEST_CASE("replies: a stated wait is obeyed once, then the schedule counts") {
  World world;
  world.reply = "451 4.7.1 Greylisted, please try again in 1200 seconds";
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(19));
  CHECK(world.asked == 1);
  world.run_for(minutes(4));
  CHECK(world.asked == 2);
  world.run_for(minutes(6));  // the second wait of the schedule: 5 minutes
  CHECK(world.asked == 3);
}
