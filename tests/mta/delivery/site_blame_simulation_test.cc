// Failures after MAIL: whether only the message waits or all mail of its site, and the results for others. Virtual time.
#include <algorithm>
#include <catch2/catch.hpp>

#include "mta/delivery/backoff.h"
#include "mta/delivery/suspicion.h"
#include "mta/delivery/verdict.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::Suspicion;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::int64_t kMallory = 1001, kAlice = 1002, kBob = 1003;

// One mail host for there.example, which replies 421 to each recipient that begins with "bad".
struct World : Simulation {
  explicit World(const std::string& toml = "") : Simulation(toml) {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.2");
    there.rcpt = [](const std::string& recipient) {
      return recipient.starts_with("<bad") ? "421 4.3.2 " + recipient + " has too much mail" : std::string("250 ok");
    };
    host("192.0.2.1:25", there);
    host("192.0.2.2:25", here);
  }
  SimulatedHost there, here;
};

bool any_line_has(const std::vector<std::string>& lines, const std::string& begin, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(begin) != std::string::npos && line.find(text) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("blame: a host that says 421 to one recipient goes on taking mail for others, at once") {
  World world;
  world.submit("me@here.example", {"bad@there.example"});
  world.run_for(seconds(5));
  REQUIRE(world.there.connections >= 1);
  for (int i = 0; i < 3; ++i) {
    world.submit("me@here.example", {"you@there.example"});
    world.run_for(seconds(5));
    CHECK(world.there.received.size() == static_cast<std::size_t>(i) + 1);
  }
}

TEST_CASE("blame: a host that breaks off in one content goes on taking other mail, and that one waits by its own schedule") {
  World world;
  int broken = 0;
  world.there.breaks_off = [&](const SimulatedMail& mail) { return mail.recipients == "<break@there.example>" && ++broken > 0; };
  const auto id = world.submit("me@here.example", {"break@there.example"});
  world.run_for(seconds(5));
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  CHECK(world.there.received.size() == 1);
  world.run_for(hours(1));
  CHECK(broken == 5);  // at once, after 1, 5, 10 and 30 minutes
  CHECK(world.load(id).recipients[0].attempts == 5);
}

TEST_CASE("blame: what two messages meet after MAIL is the site's, and all its mail waits for one probe at a time") {
  World world;
  world.there.rcpt = [](const std::string&) { return "421 4.3.2 closing"; };
  for (int i = 0; i < 20; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(30));
  CHECK(world.there.connections == 2);
  world.run_for(minutes(5));
  CHECK(world.there.connections <= 4);
  world.there.rcpt = [](const std::string&) { return "250 ok"; };
  world.run_for(minutes(15));
  CHECK(world.there.received.size() == 20);
}

TEST_CASE("blame: a host that says 452 4.3.1 to the MAIL of one user's large messages takes another user's mail at once") {
  World world;
  world.there.mail = [](const std::string& sender) {
    return sender.find("mallory") != std::string::npos ? "452 4.3.1 Insufficient system storage" : "250 ok";
  };
  for (int i = 0; i < 20; ++i) world.submit_as(kMallory, "mallory@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  REQUIRE(world.there.connections == 2);
  for (int i = 0; i < 3; ++i) {
    world.submit_as(kAlice, "alice@here.example", {"you@there.example"});
    world.run_for(seconds(5));
    CHECK(world.there.received.size() == static_cast<std::size_t>(i) + 1);
  }
}

TEST_CASE("blame: 421 to the MAIL of some users lets another ask at once, and whose mail has met it waits for the next probe") {
  World world;
  const auto submit = [&world](std::int64_t uid, const std::string& sender) {
    for (int i = 0; i < 10; ++i) world.submit_as(uid, sender, {"you@there.example"});
    world.run_for(seconds(5));
  };
  world.there.mail = [&world](const std::string&) { return world.there.connections < 100 ? "421 4.3.2 closing" : "250 ok"; };  // it ends
  submit(kMallory, "mallory@here.example");
  CHECK(world.there.connections == 2);  // two of his messages have had it
  submit(kAlice, "alice@here.example");
  CHECK(world.there.connections == 3);
  submit(kBob, "bob@here.example");
  CHECK(world.there.connections == 4);
  submit(kAlice, "alice@here.example");
  CHECK(world.there.connections == 4);
  world.run_for(minutes(5));
  CHECK(world.there.connections <= 7);  // a probe of each
  world.there.mail = [](const std::string&) { return "250 ok"; };
  world.run_for(minutes(15));
  CHECK(world.there.received.size() == 40);
}

TEST_CASE("blame: the probe rotates: a message that failed as one goes behind all others that wait") {
  World world;
  world.there.greeting = "421 not now";
  std::vector<queue::QueueId> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(world.submit("me@here.example", {"you" + std::to_string(i) + "@there.example"}));
    world.run_for(seconds(1));
  }
  world.run_for(hours(1));
  for (const auto id : ids) CHECK(world.load(id).recipients[0].attempts >= 1);
}

TEST_CASE("blame: a probe that fails for its own reasons does not keep the others waiting") {
  World world;
  world.there.greeting = "421 not now";
  world.submit("me@here.example", {"bad@there.example"});
  world.run_for(seconds(1));
  for (int i = 0; i < 3; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(1));
  world.there.greeting = "220 mx.there.example";
  world.run_for(minutes(2));
  CHECK(world.there.received.size() == 3);
}

TEST_CASE("blame: many messages of one user that meet 421 keep nobody else's mail from the host, new or waiting") {
  World world;
  for (int i = 0; i < 50; ++i) world.submit_as(kMallory, "mallory@here.example", {"bad" + std::to_string(i) + "@there.example"});
  world.run_for(seconds(5));
  REQUIRE(world.there.connections == 2);
  SECTION("mail that comes while the site backs off") {
    world.submit_as(kAlice, "alice@here.example", {"you@there.example"});
    world.run_for(seconds(5));
    CHECK(world.there.received.size() == 1);
  }
  SECTION("each of his messages that comes later costs others nothing either") {
    for (int i = 0; i < 10; ++i) {
      world.submit_as(kMallory, "mallory@here.example", {"bad@there.example"});
      world.run_for(seconds(1));
      world.submit_as(kAlice, "alice@here.example", {"you@there.example"});
      world.run_for(seconds(5));
      CHECK(world.there.received.size() == static_cast<std::size_t>(i) + 1);
    }
  }
}

TEST_CASE("blame: a user who hands in by two ways, one of which does not tell who he is, keeps nobody else's mail from the host") {
  World world;
  SECTION("with his name first") { world.submit_as(kMallory, "mallory@here.example", {"bad1@there.example"}); }
  SECTION("without his name") { world.submit_as(-1, "mallory@here.example", {"bad1@there.example"}); }
  world.run_for(seconds(5));
  world.submit_as(-1, "mallory@here.example", {"bad2@there.example"});
  world.run_for(seconds(5));
  REQUIRE(world.there.connections == 2);
  world.submit_as(kAlice, "alice@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  CHECK(world.there.received.size() == 1);
}

TEST_CASE("blame: of two users who hand in over loopback, one whose mail has failed keeps the other's from no host") {
  World world;
  for (int i = 0; i < 2; ++i) {
    world.submit_by_smtp(kMallory, "mallory@here.example", {"bad" + std::to_string(i) + "@there.example"});
    world.run_for(seconds(5));
  }
  REQUIRE(world.there.connections == 2);
  world.submit_by_smtp(kAlice, "alice@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  CHECK(world.there.received.size() == 1);
}

TEST_CASE("blame: mail of another user that waits behind many is the probe as soon as one user's alone have failed") {
  World world;
  world.there.takes = seconds(2);
  for (int i = 0; i < 5; ++i) world.submit_as(kMallory, "mallory@here.example", {"bad" + std::to_string(i) + "@there.example"});
  world.submit_as(kAlice, "alice@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  CHECK(world.there.received.size() == 1);
  world.run_for(seconds(30));
  CHECK(world.there.connections <= 7);
}

TEST_CASE("blame: two users whose mail meets 421 again and again keep nobody else's mail from the host") {
  World world;
  for (int round = 0; round < 20; ++round) {
    world.submit_as(kMallory, "mallory@here.example", {"bad" + std::to_string(round) + "@there.example"});
    world.submit_as(kBob, "bob@here.example", {"bad" + std::to_string(round) + "@there.example"});
    world.run_for(seconds(10));
    world.submit_as(kAlice, "alice@here.example", {"you@there.example"});
    world.run_for(seconds(5));
    CHECK(world.there.received.size() == static_cast<std::size_t>(round) + 1);
  }
}

TEST_CASE("blame: mail of a user for a domain whose owner makes the host fail keeps none of his for other domains there") {
  World world;
  world.dns->mx("tenant.example", 10, "mx.there.example");
  world.there.rcpt = [](const std::string& recipient) {
    return recipient.find("@tenant.example") != std::string::npos ? "421 4.3.2 not this one" : std::string("250 ok");
  };
  for (int i = 0; i < 4; ++i) world.submit_as(kAlice, "alice@here.example", {"bad" + std::to_string(i) + "@tenant.example"});
  world.run_for(seconds(5));
  REQUIRE(world.there.connections == 2);
  for (int i = 0; i < 3; ++i) {
    world.submit_as(kAlice, "alice@here.example", {"you@there.example"});
    world.run_for(seconds(5));
    CHECK(world.there.received.size() == static_cast<std::size_t>(i) + 1);
  }
}

TEST_CASE("blame: while a probe of one user takes its time, mail of another has a probe of its own") {
  World world;
  SECTION("the site backs off by the first user's mail") {
    for (int i = 0; i < 2; ++i) {
      const auto id = world.submit_as(kMallory, "mallory@here.example", {"bad@there.example"});
      world.run_for(seconds(5));
      world.act(queue::ActionKind::remove, id);
    }
  }
  SECTION("the host could not be asked") {
    world.there.greeting = "421 not now";
    world.submit_as(kMallory, "mallory@here.example", {"you@there.example"});
    world.run_for(seconds(5));
    world.there.greeting = "220 mx.there.example";
  }
  world.there.takes = minutes(9);
  world.submit_as(kMallory, "mallory@here.example", {"you@there.example"});
  REQUIRE(world.run_until([&] { return *world.there.open == 1; }, minutes(6)));
  world.run_for(seconds(5));
  world.there.takes = seconds(0);
  world.submit_as(kAlice, "alice@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  CHECK(std::any_of(world.there.received.begin(), world.there.received.end(),
                    [](const SimulatedMail& mail) { return mail.sender.find("alice") != std::string::npos; }));
}

TEST_CASE("blame: of many users with mail for a host that could not be asked four have a probe at a time, and one each") {
  World world;
  world.there.greeting = "421 not now";
  for (int round = 0; round < 2; ++round)
    for (int user = 0; user < 20; ++user) world.submit_as(kMallory + user, "user@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  const int before = world.there.connections;
  world.there.greeting = "220-wait";
  world.run_for(minutes(5));
  CHECK(world.there.connections == before + 4);
  CHECK(*world.there.open == 4);
}

TEST_CASE(
    "blame: suspicion needs two messages, and is of the users whose mail has met it, where it has, or of the site when they are very "
    "many") {
  using Counts = Suspicion::Counts;
  using Backoff = Suspicion::Backoff;
  constexpr std::size_t kThere = 3, kElsewhere = 5;
  const auto user = [](std::int64_t uid) { return Suspicion::Pair{proto::ShareOwner::user(uid), kThere}; };
  const auto elsewhere = [](std::int64_t uid) { return Suspicion::Pair{proto::ShareOwner::user(uid), kElsewhere}; };
  Suspicion suspicion;
  const proto::QueueId a{1}, b{2}, c{3};
  CHECK(suspicion.met(a, user(7), proto::Stage::rcpt, Backoff::none) == Counts::message);
  SECTION("the same message again") { CHECK(suspicion.met(a, user(7), proto::Stage::rcpt, Backoff::none) == Counts::message); }
  SECTION("another stage") { CHECK(suspicion.met(b, user(7), proto::Stage::content, Backoff::none) == Counts::message); }
  SECTION("another stage, while the site backs off") {
    CHECK(suspicion.met(b, user(8), proto::Stage::content, Backoff::active) == Counts::owners);
  }
  SECTION("another message of the same user, and then of another") {
    CHECK(suspicion.met(b, user(7), proto::Stage::rcpt, Backoff::none) == Counts::owners);
    CHECK_FALSE(suspicion.may_ask(user(7)));
    CHECK(suspicion.may_ask(user(8)));
    CHECK(suspicion.may_ask(user(-1)));
    CHECK(suspicion.met(c, user(8), proto::Stage::rcpt, Backoff::active) == Counts::owners);
    CHECK_FALSE(suspicion.may_ask(user(7)));
    CHECK_FALSE(suspicion.may_ask(user(8)));
    CHECK(suspicion.may_ask(user(9)));
  }
  SECTION("mail of the same user for another destination") {
    CHECK(suspicion.met(b, user(7), proto::Stage::rcpt, Backoff::none) == Counts::owners);
    CHECK(suspicion.may_ask(elsewhere(7)));
    CHECK(suspicion.met(c, elsewhere(7), proto::Stage::rcpt, Backoff::active) == Counts::owners);
    CHECK_FALSE(suspicion.may_ask(elsewhere(7)));
    CHECK_FALSE(suspicion.may_ask(user(7)));
    CHECK(suspicion.may_ask(elsewhere(8)));
  }
  SECTION("a failure that concerns all destinations") {
    CHECK(suspicion.met(b, {proto::ShareOwner::user(7), Suspicion::kAnywhere}, proto::Stage::rcpt, Backoff::none) == Counts::owners);
    CHECK_FALSE(suspicion.may_ask(elsewhere(7)));
    CHECK(suspicion.may_ask(elsewhere(8)));
  }
  SECTION("mail whose users are not known") {
    Suspicion unknown;
    CHECK(unknown.met(a, user(-1), proto::Stage::rcpt, Backoff::none) == Counts::message);
    CHECK(unknown.met(b, user(-1), proto::Stage::rcpt, Backoff::none) == Counts::owners);
    CHECK_FALSE(unknown.may_ask(user(-1)));
    CHECK(unknown.may_ask(user(7)));
  }
  SECTION("mail of one user, and some whose user is not known: it may be his") {
    CHECK(suspicion.met(b, user(-1), proto::Stage::rcpt, Backoff::none) == Counts::owners);
    CHECK_FALSE(suspicion.may_ask(user(7)));
    CHECK_FALSE(suspicion.may_ask(user(-1)));
    CHECK(suspicion.may_ask(user(8)));
  }
  SECTION("mail of very many users") {
    for (std::uint64_t n = 1; n < Suspicion::kMostPairs; ++n)
      REQUIRE(suspicion.met({n + 1}, user(static_cast<std::int64_t>(n) + 1000), proto::Stage::rcpt, Backoff::active) == Counts::owners);
    CHECK(suspicion.may_ask(user(8)));
    CHECK(suspicion.met(a, user(9), proto::Stage::rcpt, Backoff::active) == Counts::site);
    CHECK_FALSE(suspicion.may_ask(user(8)));
  }
  SECTION("one that was taken in between") {
    suspicion.clear();
    CHECK(suspicion.met(b, user(7), proto::Stage::rcpt, Backoff::none) == Counts::message);
  }
}

TEST_CASE("blame: no notice and no log line about other mail quotes a reply that names somebody's address") {
  World world("retry.delay_notice = \"2m\"\n");
  world.there.rcpt = [](const std::string& recipient) { return "421 4.3.2 " + recipient + " is over its limit"; };
  for (int i = 0; i < 6; ++i) world.submit("", {"secret" + std::to_string(i) + "@there.example"});
  world.run_for(seconds(5));
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(4));
  REQUIRE(world.here.received.size() == 1);
  const std::string& notice = world.here.received[0].content;
  CHECK(notice.find("answered 421 4.3.2 to another message (rcpt)") != std::string::npos);
  CHECK(notice.find("Diagnostic-Code: x-mxpress;") != std::string::npos);
  CHECK(notice.find("secret") == std::string::npos);
  CHECK(any_line_has(world.log, "hosts=", "421 4.3.2"));
  CHECK_FALSE(any_line_has(world.log, "hosts=", "secret"));
}

TEST_CASE("blame: mail that expires while it waits does not quote what another message was told, but what it was told itself") {
  const proto::HostResult raw{
      proto::Stage::rcpt, "mx.there.example", "192.0.2.1:25", "", {4, 3, 2}, 421, "421 4.3.2 <secret@x.example>", false};
  queue::Message message;
  message.recipients.resize(2);
  message.recipients[1].last = raw;
  const auto report = mta::delivery::report_of_waiting(message, {0, 1}, proto::Outcome::deferred, {raw}, WallTime(hours(1)));
  CHECK(report.results[0].last.text == "the mail host answered 421 4.3.2 to another message (rcpt)");
  CHECK(report.results[1].last.text == "421 4.3.2 <secret@x.example>");
  CHECK(report.attempt.hosts[0].result.text == report.results[0].last.text);
}

TEST_CASE("blame: what others are told of a reply after MAIL has its codes, its stage and since when, in our words") {
  proto::HostResult raw{
      proto::Stage::rcpt, "mx.there.example", "192.0.2.1:25", "", {4, 3, 2}, 421, "421 4.3.2 <secret@there.example>", false};
  const auto told = proto::for_other_messages(raw, WallTime(hours(24)));
  CHECK(told.text == "the mail host answered 421 4.3.2 to another message (rcpt); it fails since Fri, 02 Jan 1970 00:00:00 +0000");
  CHECK(told.reply_code == 0);
  CHECK(told.status == proto::EnhancedStatus{4, 3, 2});
  CHECK(told.host == raw.host);
  for (const auto stage : {proto::Stage::mail, proto::Stage::data, proto::Stage::content}) {
    raw.stage = stage;
    CHECK(proto::for_other_messages(raw, std::nullopt).text.find("secret") == std::string::npos);
  }
  SECTION("a greeting was said before the host knew of any mail") {
    raw.stage = proto::Stage::greeting;
    CHECK(proto::for_other_messages(raw, std::nullopt) == raw);
  }
}
