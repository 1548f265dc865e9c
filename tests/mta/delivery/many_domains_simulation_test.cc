// One message to many domains, in virtual time: its jobs share one read of it, and each recipient still gets it once.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::testing;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

std::string domain(int number) { return "d" + std::to_string(number) + ".example"; }

struct World : Simulation {
  SimulatedHost there;

  explicit World(const std::string& toml = "", std::size_t many_destinations = mta::delivery::kManyDestinations)
      : Simulation(toml, many_destinations) {
    dns->a("mx.there.example", "192.0.2.1");
    host("192.0.2.1:25", there);
  }
  // All domains have one mail host.
  std::vector<std::string> recipients_at_domains(int count) {
    std::vector<std::string> recipients;
    for (int i = 0; i < count; ++i) {
      dns->mx(domain(i), 10, "mx.there.example");
      recipients.push_back("you@" + domain(i));
    }
    return recipients;
  }
  // Each of these domains has a mail host of its own.
  void give_hosts(int count, const std::string& prefix) {
    for (int i = 0; i < count; ++i) {
      const std::string name = prefix + std::to_string(i) + ".there.example";
      dns->forget(domain(i)).mx(domain(i), 10, name).a(name, "192.0.2.1");
    }
  }
  bool has_asked(const std::string& name) const {
    return std::any_of(dns->asked.begin(), dns->asked.end(), [&](const auto& question) { return question.name == name; });
  }
  long times_received(const std::string& recipient) const {
    return std::count_if(there.received.begin(), there.received.end(),
                         [&](const SimulatedMail& mail) { return mail.recipients.find("<" + recipient + ">") != std::string::npos; });
  }
};

}  // namespace

TEST_CASE("many domains: one message asks the DNS for a few of them at a time") {
  World world;
  world.dns->delay = seconds(2);
  world.submit("me@here.example", world.recipients_at_domains(300));
  world.run_for(seconds(1));
  CHECK(world.dns->asked.size() <= 100);  // of two workers
  world.run_for(minutes(5));
  CHECK(world.queued() == 0);
}

TEST_CASE("many domains: what one worker has looked up is not asked again by the one that delivers") {
  World world;
  const auto recipients = world.recipients_at_domains(40);
  world.give_hosts(40, "mx");
  world.submit("me@here.example", recipients);
  world.run_for(minutes(1));
  CHECK(world.there.received.size() == 40);
  CHECK(world.dns->asked.size() == 40 * 3);  // MX, A, AAAA
}

TEST_CASE("many domains: whoever is being looked up when the configuration changes is reached by the new one") {
  World world;
  SimulatedHost filter;
  world.host("127.0.0.1:2525", filter);
  const auto recipients = world.recipients_at_domains(10);
  world.dns->delay = seconds(2);
  world.submit("me@here.example", recipients);
  world.run_for(seconds(1));
  std::string routes;
  for (int i = 0; i < 10; ++i) routes += "[destination.\"" + domain(i) + "\"]\nroute = \"127.0.0.1:2525\"\n";
  world.reload(routes);
  world.run_for(minutes(1));
  CHECK(filter.received.size() == 10);
  CHECK(world.there.received.empty());
}

TEST_CASE("many domains: what is known of a domain is asked again after a while, however long it holds") {
  World world;
  const auto recipients = world.recipients_at_domains(1);
  world.dns->ttl = hours(24);
  world.submit("me@here.example", recipients);
  world.run_for(minutes(9));
  world.submit("me@here.example", recipients);
  world.run_for(seconds(10));
  CHECK(world.dns->asked.size() == 3);
  world.give_hosts(1, "new");
  world.run_for(minutes(2));
  world.submit("me@here.example", recipients);
  world.run_for(seconds(10));
  CHECK(world.there.received.size() == 3);
  CHECK(world.dns->asked.size() == 6);
}

TEST_CASE("many domains: mail is not returned for a domain that does not exist if a route came while that was asked") {
  World world;
  SimulatedHost filter;
  world.host("127.0.0.1:2525", filter);
  world.dns->delay = seconds(2);
  for (int i = 0; i < 10; ++i) world.submit("me@here.example", {"you@gone" + std::to_string(i) + ".example"});
  world.run_for(seconds(1));
  std::string routes;
  for (int i = 0; i < 10; ++i) routes += "[destination.\"gone" + std::to_string(i) + ".example\"]\nroute = \"127.0.0.1:2525\"\n";
  world.reload(routes);
  world.run_for(minutes(1));
  CHECK(filter.received.size() == 10);
  CHECK(world.queued() == 0);
}

TEST_CASE("many domains: each gets the message once, whatever each of them says first") {
  World world;
  auto tries = std::make_shared<std::map<std::string, int>>();
  world.there.rcpt = [tries](const std::string& recipient) {
    return ++(*tries)[recipient] <= 2 && recipient.size() % 2 == 0 ? std::string("451 later") : std::string("250 ok");
  };
  world.submit("me@here.example", world.recipients_at_domains(300));
  world.run_for(hours(2));
  CHECK(world.there.received.size() == 300);
  CHECK(tries->size() == 300);
  CHECK(world.queued() == 0);
}

TEST_CASE("many domains: none that has the message gets it again when a reload makes another one local") {
  const test::TempFolder folder;
  const std::string spool = "spool.directory = \"" + folder.path().string() + "\"\n";
  World world(spool);
  const auto recipients = world.recipients_at_domains(300);
  world.dns->delay = seconds(2);
  world.submit("me@here.example", recipients);
  REQUIRE(world.run_until([&] { return world.there.received.size() >= 50; }, minutes(1)));
  const std::string& moved =
      *std::find_if(recipients.begin(), recipients.end(), [&](const auto& to) { return world.times_received(to) == 0; });
  world.reload(spool + "local_domains = [\"" + moved.substr(4) + "\"]\n");
  world.run_for(minutes(5));
  for (const std::string& recipient : recipients) CHECK(world.times_received(recipient) == (recipient == moved ? 0 : 1));
}

TEST_CASE("many domains: a recipient that has the message does not get it again when its domain has new mail hosts") {
  World world("[retry]\nschedule = \"10s 1h\"\n");
  auto recipients = world.recipients_at_domains(60);
  for (int i = 0; i < 60; ++i) recipients.push_back("later@" + domain(i));
  world.give_hosts(60, "old");
  world.dns->ttl = seconds(5);
  bool is_later = false;
  world.there.rcpt = [&is_later](const std::string& recipient) {
    return !is_later && recipient.find("later@") != std::string::npos ? "451 later" : "250 ok";
  };
  world.submit("me@here.example", recipients);
  world.run_for(seconds(5));
  is_later = true;
  world.give_hosts(60, "new");
  world.run_for(seconds(40));
  CHECK(world.queued() == 0);
  for (const std::string& recipient : recipients) CHECK(world.times_received(recipient) == 1);
}

TEST_CASE("many domains: a user's message to thousands of slow domains does not keep another user's domain waiting") {
  World world;
  world.dns->delay = seconds(20);
  world.submitter = 1001;
  world.submit("me@here.example", world.recipients_at_domains(1000));
  world.run_for(seconds(1));
  const auto asked = world.dns->asked.size();
  CHECK(asked <= 64);  // of two workers
  world.dns->mx("other.example", 10, "mx.there.example");
  world.submitter = 1002;
  world.submit("you@here.example", {"you@other.example"});
  world.run_for(seconds(1));
  CHECK(world.dns->asked.size() > asked);
}

TEST_CASE("many domains: thousands of slow domains of one user over loopback keep no other user's mail over loopback waiting") {
  World world;
  world.dns->delay = seconds(20);
  world.submit_by_smtp(1001, "me@here.example", world.recipients_at_domains(1000));
  world.run_for(seconds(1));
  world.dns->mx("other.example", 10, "mx.there.example");
  world.submit_by_smtp(1002, "you@here.example", {"you@other.example"});
  world.run_for(seconds(1));
  CHECK(world.has_asked("other.example"));
  SECTION("nor after a restart") {
    world.crash();
    world.dns->asked.clear();
    world.run_for(seconds(1));
    CHECK(world.dns->asked.size() > 30);  // of 64 lookups
    CHECK(world.has_asked("other.example"));
  }
}

TEST_CASE("many domains: notices for one user's mail to thousands of slow domains keep no notice for another's waiting") {
  World world;
  const auto slow = world.recipients_at_domains(1000);
  world.dns->mx("there.example", 10, "mx.there.example");
  world.there.rcpt = [&world](const std::string&) {
    world.dns->delay = seconds(20);  // delays the notices
    return "550 5.1.1 no such user";
  };
  for (const auto& sender : slow) world.submit_by_smtp(1001, sender, {"nobody@there.example"});
  world.run_for(seconds(5));
  const auto asked = world.dns->asked.size();
  CHECK(asked > 30);  // of 64 lookups
  world.dns->mx("other.example", 10, "mx.there.example");
  const auto about = world.submit_by_smtp(1002, "her@other.example", {"nobody@there.example"});
  world.run_for(seconds(5));
  CHECK(world.has_asked("other.example"));
  CHECK(world.load(about).ended);
  CHECK_FALSE(world.spool().owns(1001, about));
  CHECK(world.spool().ids_of(1001).empty());  // whose notices wait: he does not see them
}

TEST_CASE("many domains: those without mail are forgotten once there are many, and mail for them is delivered all the same") {
  World world("", 20);
  const auto recipients = world.recipients_at_domains(400);
  for (int round = 0; round < 2; ++round)
    for (const auto& recipient : recipients) {
      world.submit("me@here.example", {recipient});
      REQUIRE(world.run_until([&] { return world.queued() == 0; }, minutes(5)));
    }
  CHECK(world.there.received.size() == 800);
  CHECK(world.known_destinations() <= 2 * 25);
}

TEST_CASE("many domains: mail that waits keeps its destination, its backoff and its place while others are forgotten around it") {
  World world("", 20);
  world.dns->mx("slow.example", 10, "mx.slow.example");
  world.dns->a("mx.slow.example", "192.0.2.9");  // there is no host
  const auto waiting = world.submit("me@here.example", {"you@slow.example"});
  world.dns->fail("broken.example");
  const auto unknown = world.submit("me@here.example", {"you@broken.example"});
  world.run_for(minutes(2));
  const auto attempts = world.load(waiting).recipients[0].attempts;
  for (const auto& recipient : world.recipients_at_domains(200)) world.submit("me@here.example", {recipient});
  REQUIRE(world.run_until([&] { return world.queued() == 2; }, minutes(2)));
  CHECK(world.load(waiting).recipients[0].attempts <= attempts + 1);
  SimulatedHost late;
  world.host("192.0.2.9:25", late);
  world.dns->forget("broken.example").mx("broken.example", 10, "mx.there.example");
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, hours(5)));
  CHECK(late.received.size() == 1);
  CHECK(world.times_received("you@broken.example") == 1);
  CHECK(world.load(unknown).ended);
}

TEST_CASE("many domains: mail that is removed while its hosts are down leaves no destination behind") {
  World world("", 20);
  world.dns->a("mx.dead.example", "192.0.2.9");
  std::vector<queue::QueueId> ids;
  for (int i = 0; i < 300; ++i) {
    const std::string dead = "dead" + std::to_string(i) + ".example";
    world.dns->mx(dead, 10, "mx.dead.example");
    ids.push_back(world.submit("me@here.example", {"you@" + dead}));
  }
  world.run_for(minutes(5));
  REQUIRE(world.known_destinations() >= 300);
  world.act(queue::ActionKind::remove, ids);
  const auto recipients = world.recipients_at_domains(3000);
  for (std::size_t i = 0; i < recipients.size(); i += 50) {
    for (std::size_t k = i; k < i + 50; ++k) world.submit("me@here.example", {recipients[k]});
    REQUIRE(world.run_until([&] { return world.queued() == 0; }, minutes(5)));
  }
  CHECK(world.known_destinations() < 300);
  CHECK(world.there.received.size() == 3000);
}

TEST_CASE("many domains: mail for a domain reaches its third mail host while another user's mail waits for very many domains") {
  World world("", 50);
  std::vector<std::string> slow;
  for (int i = 0; i < 200; ++i) {
    world.dns->fail(domain(i));
    slow.push_back("you@" + domain(i));
  }
  world.submit_as(1, "me@here.example", slow);
  world.run_for(minutes(1));
  world.dns->mx("there.example", 10, "dead1.there.example").mx("there.example", 10, "dead2.there.example");
  world.dns->mx("there.example", 20, "mx.there.example").a("dead1.there.example", "192.0.2.8").a("dead2.there.example", "192.0.2.9");
  world.refuse("192.0.2.8:25");
  world.refuse("192.0.2.9:25");
  world.submit_as(2, "other@here.example", {"you@there.example"});
  world.run_for(minutes(5));
  CHECK(world.times_received("you@there.example") == 1);
}
