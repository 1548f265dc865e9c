// Days of delivery in virtual time: real worker, schedule, delivery, notices and spool; no thread, no socket.
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "mta/transport/local_mailbox.h"
#include "proto/malformed_recipient.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using queue::RecipientStage;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

// there.example with one mail host, and here.example, where notices go.
struct World : Simulation {
  SimulatedHost there;
  SimulatedHost here;

  explicit World(const std::string& toml = "") : Simulation(toml) {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.2");
    host("192.0.2.1:25", there);
    host("192.0.2.2:25", here);
  }
};

struct TemporaryFolder {
  boost::filesystem::path path = boost::filesystem::temp_directory_path() / boost::filesystem::unique_path();
  TemporaryFolder() { boost::filesystem::create_directories(path); }
  ~TemporaryFolder() { boost::filesystem::remove_all(path); }
};

std::function<std::string(const std::string&)> always(std::string reply) {
  return [reply](const std::string&) { return reply; };
}

std::function<std::string(const std::string&)> first(int times, std::string reply) {
  auto left = std::make_shared<int>(times);
  return [left, reply](const std::string&) { return (*left)-- > 0 ? reply : std::string("250 ok"); };
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("simulation: a message arrives once, byte for byte, and has ended") {
  World world;
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  REQUIRE(world.there.received.size() == 1);
  CHECK(world.there.received[0].sender == "<me@here.example>");
  CHECK(world.there.received[0].recipients == "<you@there.example>");
  CHECK(world.there.received[0].content == "From: me@here.example\r\nSubject: a test\r\n\r\nhello\r\n");
  CHECK(world.queued() == 0);
  CHECK(world.load(id).recipients[0].stage == RecipientStage::delivered);
}

TEST_CASE("simulation: a malformed recipient is named in a notice at once, the others get the message, and the DNS is not asked for it") {
  World world;
  const std::vector<std::string> texts = {"n/a@", "two words@there.example", "\"open"};
  std::vector<std::string> recipients = {"you@there.example"};
  for (const std::string& text : texts) recipients.push_back(proto::malformed_recipient(text).to_string());
  world.submit("me@here.example", recipients);
  world.run_for(minutes(2));
  REQUIRE(world.there.received.size() == 1);
  CHECK(world.there.received[0].recipients == "<you@there.example>");
  REQUIRE(world.here.received.size() == 1);
  for (const std::string& text : texts)
    CHECK(contains(world.here.received[0].content, "Final-Recipient: rfc822; " + text + "\r\nAction: failed\r\nStatus: 5.1.3\r\n"));
  CHECK_FALSE(contains(world.here.received[0].content, ".invalid"));
  for (const auto& question : world.dns->asked) CHECK_FALSE(question.name.ends_with(".invalid"));
  CHECK(world.queued() == 0);
}

TEST_CASE("simulation: mail that is deferred for four days is told after four hours, and bounces when its five days are over") {
  World world;
  world.there.rcpt = always("451 4.7.1 come back later");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(hours(3));
  CHECK(world.here.received.empty());
  world.run_for(hours(93));
  REQUIRE(world.here.received.size() == 1);
  CHECK(contains(world.here.received[0].content, "Action: delayed"));
  CHECK(world.load(id).recipients[0].stage == RecipientStage::pending);
  CHECK(world.load(id).recipients[0].attempts > 30);
  world.run_for(hours(30));
  REQUIRE(world.here.received.size() == 2);
  CHECK(world.here.received[1].sender == "<>");
  CHECK(world.here.received[1].recipients == "<me@here.example>");
  CHECK(contains(world.here.received[1].content, "Action: failed"));
  CHECK(contains(world.here.received[1].content, "451 4.7.1 come back later"));
  CHECK(world.queued() == 0);
}

TEST_CASE("simulation: a lifetime of 0 means one attempt, and then the mail goes back") {
  World world("[retry]\nlifetime = \"0\"\n");
  world.there.rcpt = always("451 4.7.1 come back later");
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(2));
  REQUIRE(world.here.received.size() == 1);
  CHECK(contains(world.here.received[0].content, "451 4.7.1 come back later"));
  CHECK(world.there.connections == 1);
  world.there.rcpt = always("250 ok");
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(1));
  CHECK(world.there.received.size() == 1);
}

TEST_CASE("simulation: 451 twice and then 250 is delivered at the third attempt, once") {
  World world;
  world.there.rcpt = first(2, "451 4.7.1 greylisted");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(30));
  CHECK(world.there.received.size() == 1);
  CHECK(world.load(id).recipients[0].attempts == 3);
  CHECK(world.load(id).attempts.size() == 3);
  CHECK(world.here.received.empty());
}

TEST_CASE("simulation: the queue is not empty while a sender is still to be told") {
  World world;
  world.there.rcpt = always("550 5.1.1 no such user");
  world.submit("me@here.example", {"you@there.example"});
  bool seen = false;
  for (int i = 0; i < 200 && world.here.received.empty(); ++i) {
    const bool is_empty = world.status().empty();
    if (world.here.received.empty()) CHECK_FALSE(is_empty);
    seen = seen || !is_empty;
    world.run_for(std::chrono::milliseconds(1));
  }
  CHECK(seen);
  world.run_for(minutes(1));
  CHECK(world.here.received.size() == 1);
  CHECK(world.status().empty());
}

TEST_CASE("simulation: a refused recipient bounces once, with status and reply") {
  World world;
  world.there.rcpt = always("550 5.1.1 no such user");
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(5));
  REQUIRE(world.here.received.size() == 1);
  const std::string& notice = world.here.received[0].content;
  CHECK(contains(notice, "Status: 5.1.1"));
  CHECK(contains(notice, "Diagnostic-Code: smtp; 550 5.1.1 no such user"));
  CHECK(contains(notice, "Final-Recipient: rfc822; you@there.example"));
  CHECK(world.queued() == 0);
}

TEST_CASE("simulation: the failures of one message are gathered in one notice") {
  World world;
  SimulatedHost other;
  other.rcpt = always("550 5.1.1 not here");
  world.there.rcpt = always("550 5.1.1 no such user");
  world.dns->mx("other.example", 10, "mx.other.example").a("mx.other.example", "192.0.2.3");
  world.host("192.0.2.3:25", other);
  world.submit("me@here.example", {"a@there.example", "b@there.example", "c@other.example"});
  world.run_for(minutes(5));
  REQUIRE(world.here.received.size() == 1);
  for (const char* recipient : {"a@there.example", "b@there.example", "c@other.example"})
    CHECK(contains(world.here.received[0].content, std::string("Final-Recipient: rfc822; ") + recipient));
}

TEST_CASE("simulation: recipients that were accepted get the mail though others are refused or deferred") {
  World world;
  auto tries = std::make_shared<int>(0);
  world.there.rcpt = [tries](const std::string& recipient) -> std::string {
    if (contains(recipient, "bad@")) return "550 5.1.1 no";
    if (contains(recipient, "later@") && ++*tries == 1) return "451 4.2.0 later";
    return "250 ok";
  };
  world.submit("me@here.example", {"good@there.example", "bad@there.example", "later@there.example"});
  world.run_for(minutes(10));
  REQUIRE(world.there.received.size() == 2);
  CHECK(world.there.received[0].recipients == "<good@there.example>");
  CHECK(world.there.received[1].recipients == "<later@there.example>");
  CHECK(world.here.received.size() == 1);
}

TEST_CASE("simulation: when the first mail host is down the next one gets the mail in the same attempt") {
  World world;
  world.dns->mx("two.example", 10, "mx1.two.example").mx("two.example", 20, "mx.there.example").a("mx1.two.example", "192.0.2.9");
  const auto id = world.submit("me@here.example", {"you@two.example"});
  world.run_for(seconds(5));
  CHECK(world.connections() == std::vector<std::string>{"192.0.2.9:25", "192.0.2.1:25"});
  CHECK(world.there.received.size() == 1);
  const auto message = world.load(id);
  REQUIRE(message.attempts.size() == 1);
  REQUIRE(message.attempts[0].hosts.size() == 2);
  CHECK(message.attempts[0].hosts[0].result.text == "connection refused");
}

TEST_CASE("simulation: a dead site gets one probe at a time, however much mail waits, and all of it leaves when a probe succeeds") {
  World world;
  world.refuse("192.0.2.1:25");
  for (int i = 0; i < 50; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(17));
  CHECK(world.connections().size() <= 6);
  CHECK(world.connections().size() >= 3);
  world.host("192.0.2.1:25", world.there);
  world.run_for(minutes(60));
  CHECK(world.there.received.size() == 50);
  CHECK(world.queued() == 0);
}

TEST_CASE("simulation: an idle session that the host has closed costs its mail nothing") {
  Simulation world;
  SimulatedHost there;
  there.hangs_up = true;
  world.dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
  world.host("192.0.2.1:25", there);
  for (int i = 0; i < 3; ++i) {
    world.submit("me@here.example", {"you@there.example"});
    world.run_for(std::chrono::milliseconds(500));
    CHECK(world.queued() == 0);
  }
  CHECK(there.received.size() == 3);
}

TEST_CASE("simulation: mail to a host that never comes up expires after five days with one notice for each message") {
  World world;
  world.refuse("192.0.2.1:25");
  for (int i = 0; i < 3; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(hours(24 * 5 + 5));
  CHECK(world.queued() == 0);
  int failed = 0;
  for (const auto& mail : world.here.received) failed += contains(mail.content, "Action: failed");
  CHECK(failed == 3);
  CHECK(contains(world.here.received.back().content, "4.4.7"));
}

TEST_CASE("simulation: a failing lookup is never a bounce before the lifetime is over") {
  World world;
  world.dns->fail("broken.example");
  const auto id = world.submit("me@here.example", {"you@broken.example"});
  world.run_for(hours(3));
  CHECK(world.queued() == 1);
  CHECK(world.load(id).recipients[0].last->status.to_string() == "4.4.3");
  world.run_for(hours(24 * 5 + 3));
  CHECK(world.queued() == 0);
  CHECK(world.here.received.size() == 2);
}

TEST_CASE("simulation: a domain that does not exist bounces at once") {
  World world;
  world.submit("me@here.example", {"you@nowhere.example"});
  world.run_for(seconds(10));
  REQUIRE(world.here.received.size() == 1);
  CHECK(contains(world.here.received[0].content, "Status: 5.1.2"));
}

TEST_CASE("simulation: the reply to a recipient is not hidden by a later host that is unreachable") {
  World world;
  world.dns->mx("two.example", 10, "mx.there.example").mx("two.example", 20, "mx2.two.example").a("mx2.two.example", "192.0.2.9");
  world.there.greeting = "421 4.3.2 closed for lunch";
  const auto id = world.submit("me@here.example", {"you@two.example"});
  world.run_for(seconds(5));
  CHECK(contains(world.load(id).recipients[0].last->text, "closed for lunch"));
}

TEST_CASE("simulation: a connection lost after the dot is deferred and marked as maybe delivered") {
  World world;
  auto losses = std::make_shared<int>(1);
  world.there.dot = [losses] { return (*losses)-- > 0 ? "" : "250 ok"; };
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  CHECK(world.load(id).recipients[0].last->maybe_delivered);
  world.run_for(minutes(5));
  CHECK(world.there.received.size() == 1);
}

TEST_CASE("simulation: while a host keeps us waiting, it is known which one and since when") {
  World world;
  world.there.greeting = "220-wait";
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(40));
  const auto flights = world.status().at(0).flights;
  REQUIRE(flights.size() == 1);
  CHECK(flights[0].message == id);
  CHECK(flights[0].host == "mx.there.example");
  CHECK(flights[0].address == "192.0.2.1:25");
  CHECK(world.time.wall() - flights[0].since >= seconds(39));
  world.run_for(minutes(5));
  CHECK(world.status().at(0).flights.empty());
}

TEST_CASE("simulation: a session is used again for the next message") {
  World world;
  for (int i = 0; i < 10; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  CHECK(world.there.received.size() == 10);
  CHECK(world.there.connections < 10);
}

TEST_CASE("simulation: held mail stays, released mail leaves") {
  World world;
  world.there.rcpt = first(1, "451 later");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  CHECK(world.act(queue::ActionKind::hold, id) == mta::delivery::ActionEffect::done);
  CHECK(world.act(queue::ActionKind::retry, id) == mta::delivery::ActionEffect::held);
  world.run_for(hours(24));
  CHECK(world.there.received.empty());
  CHECK(world.load(id).held);
  world.act(queue::ActionKind::release, id);
  world.run_for(seconds(5));
  CHECK(world.there.received.size() == 1);
}

TEST_CASE("simulation: held mail expires too, after its own lifetime") {
  World world;
  world.there.rcpt = always("451 later");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.act(queue::ActionKind::hold, id);
  world.run_for(hours(24 * 29));
  CHECK(world.queued() == 1);
  world.run_for(hours(24 * 2));
  CHECK(world.queued() == 0);
  CHECK(world.here.received.size() == 1);
}

TEST_CASE("simulation: removed mail is not sent, and nobody is told") {
  World world;
  world.there.rcpt = always("451 later");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  world.act(queue::ActionKind::remove, id);
  world.there.rcpt = always("250 ok");
  world.run_for(hours(24));
  CHECK(world.queued() == 0);
  CHECK(world.there.received.empty());
  CHECK(world.here.received.empty());
}

TEST_CASE("simulation: mail that the operator returns bounces") {
  World world;
  world.there.rcpt = always("451 later");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  world.act(queue::ActionKind::bounce, id);
  world.run_for(minutes(2));
  CHECK(world.queued() == 0);
  CHECK(world.here.received.size() == 1);
}

TEST_CASE("simulation: retry of much mail for a dead site is one probe") {
  World world;
  world.refuse("192.0.2.1:25");
  std::vector<queue::QueueId> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(world.submit("me@here.example", {"you@there.example"}));
  world.run_for(seconds(30));
  const auto before = world.connections().size();
  world.act(queue::ActionKind::retry, ids);
  world.run_for(seconds(1));
  CHECK(world.connections().size() - before == 1);
}

TEST_CASE("simulation: new mail for a site in a long cool-down causes a probe five minutes after the last one, and old mail does not") {
  World world;
  world.refuse("192.0.2.1:25");
  world.submit("me@here.example", {"you@there.example"});
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(hours(20));
  const auto before = world.connections().size();
  CHECK(before < 20);
  world.run_for(minutes(6));
  world.submit("me@here.example", {"you@there.example"});
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(4));
  CHECK(world.connections().size() <= before + 1);
}

TEST_CASE("simulation: mail bounces when every host says that it never takes mail, and waits while one may") {
  World world;
  world.there.greeting = "521 5.3.2 no mail here";
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(2));
  REQUIRE(world.here.received.size() == 1);
  CHECK(contains(world.here.received[0].content, "521 5.3.2 no mail here"));
  world.dns->mx("two.example", 10, "mx.there.example").mx("two.example", 20, "mx2.two.example").a("mx2.two.example", "192.0.2.9");
  const auto id = world.submit("me@here.example", {"you@two.example"});
  world.run_for(minutes(2));
  CHECK(world.load(id).recipients[0].stage == RecipientStage::pending);
  CHECK(world.load(id).recipients[0].last->status.klass == 4);
}

TEST_CASE("simulation: after a crash accepted mail is delivered, and retry times and backoffs of sites are kept") {
  World world;
  world.refuse("192.0.2.1:25");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(20));
  const auto before = world.connections().size();
  world.crash();
  world.run_for(seconds(20));
  CHECK(world.connections().size() <= before + 1);
  world.host("192.0.2.1:25", world.there);
  world.run_for(minutes(40));
  CHECK(world.there.received.size() == 1);
  CHECK(world.load(id).ended);
}

TEST_CASE("simulation: retry works at once after a restart, though the site was in a long cool-down") {
  World world;
  world.refuse("192.0.2.1:25");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(hours(20));
  world.crash();
  world.host("192.0.2.1:25", world.there);
  world.run_for(seconds(1));
  world.act(queue::ActionKind::retry, id);
  world.run_for(seconds(5));
  CHECK(world.there.received.size() == 1);
}

TEST_CASE("simulation: a kill between failure and notice leaves exactly one notice") {
  for (int step = 0; step < 40; ++step) {
    World world;
    world.there.rcpt = always("550 5.1.1 no such user");
    world.submit("me@here.example", {"you@there.example"});
    world.run_for(std::chrono::milliseconds(step * 50));
    world.crash();
    world.run_for(minutes(10));
    CHECK(world.here.received.size() == 1);
    CHECK(world.queued() == 0);
  }
}

TEST_CASE("simulation: a notice that nobody takes goes to the local mailbox, and not into a loop") {
  const TemporaryFolder folder;
  World world("spool.directory = \"" + folder.path.string() + "\"\n");
  world.there.rcpt = always("550 5.1.1 no such user");
  world.here.rcpt = always("550 5.1.1 nor here");
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(minutes(2));
  CHECK(world.here.received.empty());
  CHECK(world.there.received.empty());
  CHECK(world.connections().size() == 2);
  CHECK(mta::transport::mailbox_use(folder.path / "mailbox").messages == 1);
  CHECK(world.queued() == 0);
}

TEST_CASE("simulation: mail for this host goes to its own mailbox, never to a mail host") {
  const TemporaryFolder folder;
  World world("spool.directory = \"" + folder.path.string() + "\"\n");
  const auto id = world.submit("me@here.example", {"root@mail.here.example"});
  world.run_for(seconds(5));
  CHECK(world.connections().empty());
  CHECK(mta::transport::mailbox_use(folder.path / "mailbox").messages == 1);
  CHECK(world.load(id).recipients[0].stage == RecipientStage::delivered);
}

TEST_CASE("simulation: mail for a full local mailbox waits until there is room") {
  const TemporaryFolder folder;
  World world("spool.directory = \"" + folder.path.string() + "\"\nlocal.mailbox_limit = \"1MB\"\n");
  boost::filesystem::create_directories(folder.path / "mailbox" / "new");
  std::ofstream((folder.path / "mailbox" / "new" / "old").string()) << std::string(1 << 20, 'x');
  const auto id = world.submit("me@here.example", {"root@mail.here.example"});
  world.run_for(seconds(5));
  CHECK(contains(world.load(id).recipients[0].last->text, "is full"));
  boost::filesystem::remove(folder.path / "mailbox" / "new" / "old");
  world.run_for(minutes(5));
  CHECK(world.queued() == 0);
}

TEST_CASE("simulation: domains with the same mail hosts share one site and its backoff") {
  World world;
  world.dns->mx("alias.example", 5, "mx.there.example");
  world.refuse("192.0.2.1:25");
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  world.submit("me@here.example", {"you@alias.example"});
  world.run_for(seconds(5));
  CHECK(world.connections().size() == 1);
  const auto rows = world.status();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].destination == "alias.example");
  CHECK(rows[0].last->text == "connection refused");
  CHECK(rows[0].next_try > world.time.wall());
}

TEST_CASE("simulation: a step of the wall clock by a year neither expires nor delays anything") {
  World world;
  world.there.rcpt = first(1, "451 later");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(seconds(5));
  world.time.step_wall(hours(24 * 365));
  world.run_for(minutes(5));
  CHECK(world.there.received.size() == 1);
  CHECK(world.here.received.empty());
  CHECK(world.load(id).recipients[0].stage == RecipientStage::delivered);
}
