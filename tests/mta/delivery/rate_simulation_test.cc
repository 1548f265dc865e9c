// Rate limits of routes, with real workers in a simulated internet: amounts, times, order, and the effect of a restart.
#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <sstream>

#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using namespace std::chrono_literals;

namespace {

const std::string kRoute = "[route.office]\nhost = \"a.provider.example\"\nport = 25\n";
const std::string kNoDelayNotice = "retry.delay_notice = \"0\"\n";
const std::string kThere = "[destination.\"there.example\"]\nroute = \"office\"\n";
const std::string kAlso = "[destination.\"also.example\"]\nroute = \"office\"\n";

// A provider that remembers the time of each message.
struct Provider : SimulatedHost {
  struct Taken {
    Duration when;
    std::size_t recipients;
  };
  explicit Provider(Simulation& world, const std::string& address = "192.0.2.11") {
    dot = [this, &world] {
      when.push_back(std::chrono::floor<Duration>(world.time.since_boot()));
      return "250 2.0.0 taken";
    };
    world.dns->a("a.provider.example", "192.0.2.11");
    world.host(address + ":25", *this);
  }
  std::size_t count() const { return received.size(); }
  static std::size_t recipients_of(const SimulatedMail& mail) {
    return mail.recipients.empty() ? 0 : 1 + static_cast<std::size_t>(std::count(mail.recipients.begin(), mail.recipients.end(), ' '));
  }
  std::size_t recipients() const {
    std::size_t all = 0;
    for (const SimulatedMail& mail : received) all += recipients_of(mail);
    return all;
  }
  // The most messages in any window of this length.
  std::size_t most_in(Duration period) const {
    std::size_t most = 0;
    for (std::size_t first = 0, i = 0; i < when.size(); ++i) {
      while (when[first] + period < when[i]) ++first;
      most = std::max(most, i - first + 1);
    }
    return most;
  }
  std::vector<Duration> when;
};

std::vector<std::string> many_recipients(int count, const std::string& domain = "there.example") {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back("u" + std::to_string(i) + "@" + domain);
  return all;
}

}  // namespace

TEST_CASE("rate: of more mail than the limit the rest waits, is due with the next token, and no attempt is counted for it") {
  Simulation world(kRoute + "rate = \"10/h\"\n" + kThere);
  Provider provider(world);
  std::vector<queue::QueueId> ids;
  for (int i = 0; i < 25; ++i) ids.push_back(world.submit("me@here.example", {"you@there.example"}));
  world.run_for(30min);
  CHECK(provider.count() == 10);
  CHECK(world.queued() == 15);
  const auto waiting = world.load(ids.at(20));
  CHECK(waiting.recipients.at(0).attempts == 0);
  CHECK_FALSE(waiting.recipients.at(0).last);
  const auto rows = world.status();
  REQUIRE(rows.size() == 1);
  CHECK_THAT(rows[0].last.value().text, Catch::StartsWith("waits for the rate limit of route office (10/h), next at "));
  REQUIRE(rows[0].next_probe);
  CHECK(rows[0].next_try == *rows[0].next_probe);
  const Duration ahead = *rows[0].next_probe - world.time.wall();
  CHECK(ahead > 29min);
  CHECK(ahead <= 30min + 1s);
  world.run_for(2h);
  CHECK(provider.count() == 25);
  CHECK(provider.most_in(1h) == 10);
  CHECK(provider.when.back() < provider.when.front() + 2h + 1min);  // as soon as possible
}

TEST_CASE("rate: no session stays open while mail waits for its limit") {
  Simulation world(kRoute + "rate = \"1/h\"\n" + kThere);
  Provider provider(world);
  for (int i = 0; i < 2; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(1min);
  CHECK(provider.count() == 1);
  CHECK(*provider.open == 0);
}

TEST_CASE("rate: the oldest goes first, and users take turns") {
  Simulation world(kRoute + "rate = \"4/h\"\n" + kThere);
  Provider provider(world);
  for (int i = 0; i < 20; ++i) world.submit_as(1001, "a" + std::to_string(i) + "@here.example", {"you@there.example"});
  world.run_for(1min);
  for (int i = 0; i < 2; ++i) world.submit_as(1002, "b" + std::to_string(i) + "@here.example", {"you@there.example"});
  world.run_for(1h + 1min);
  REQUIRE(provider.count() == 8);
  std::vector<std::string> senders;
  for (const SimulatedMail& mail : provider.received) senders.push_back(mail.sender);
  for (int i = 0; i < 4; ++i) CHECK(senders[static_cast<std::size_t>(i)] == "<a" + std::to_string(i) + "@here.example>");
  std::sort(senders.begin() + 4, senders.end());
  CHECK(std::vector<std::string>(senders.begin() + 4, senders.end()) ==
        std::vector<std::string>{"<a4@here.example>", "<a5@here.example>", "<b0@here.example>", "<b1@here.example>"});
}

TEST_CASE("rate: other routes and sites are not held up") {
  Simulation world(kRoute + "rate = \"1/h\"\n" + kThere);
  Provider provider(world);
  SimulatedHost other;
  world.dns->mx("other.example", 10, "mx.other.example").a("mx.other.example", "192.0.2.1");
  world.host("192.0.2.1:25", other);
  for (int i = 0; i < 500; ++i) world.submit("me@here.example", {"you@there.example"});
  for (int i = 0; i < 20; ++i) world.submit("me@here.example", {"you@other.example"});
  REQUIRE(world.run_until([&] { return other.received.size() == 20; }, 1min));
  CHECK(provider.count() == 1);
}

TEST_CASE("rate: domains that use one route share its limit") {
  Simulation world(kRoute + "rate = \"4/h\"\n" + kThere + kAlso);
  Provider provider(world);
  for (int i = 0; i < 10; ++i) {
    world.submit("me@here.example", {"you@there.example"});
    world.submit("me@here.example", {"you@also.example"});
  }
  world.run_for(30min);
  CHECK(provider.count() == 4);
}

TEST_CASE("rate: two routes to one host have limits of their own") {
  Simulation world(kRoute + "rate = \"4/h\"\n[route.home]\nhost = \"a.provider.example\"\nport = 25\nrate = \"3/h\"\n" + kThere +
                   "[destination.\"also.example\"]\nroute = \"home\"\n");
  Provider provider(world);
  for (int i = 0; i < 10; ++i) {
    world.submit("me@here.example", {"you@there.example"});
    world.submit("me@here.example", {"you@also.example"});
  }
  world.run_for(30min);
  CHECK(provider.count() == 7);
}

TEST_CASE("rate: a message to many recipients goes in slices, each recipient once, none of them with an attempt too many") {
  Simulation world(kNoDelayNotice + kRoute + "recipient_rate = \"100/h\"\n" + kThere);
  Provider provider(world);
  const auto id = world.submit("me@here.example", many_recipients(1000));
  world.run_for(1min);
  CHECK(provider.recipients() == 100);
  CHECK(provider.count() == 1);
  REQUIRE(world.queued() == 1);
  const auto message = world.load(id);
  CHECK(std::count_if(message.recipients.begin(), message.recipients.end(), [](const auto& r) { return r.attempts == 1; }) == 100);
  world.run_for(5h + 2min);
  CHECK(provider.recipients() == 600);
  world.crash();
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 6h));
  CHECK(provider.recipients() == 1000);
  CHECK(provider.count() <= 12);
  std::set<std::string> names;
  for (const SimulatedMail& mail : provider.received) {
    std::istringstream words(mail.recipients);
    for (std::string word; words >> word;) names.insert(word);
  }
  CHECK(names.size() == 1000);
}

TEST_CASE("rate: while a message to many goes in slices, the message of another user does not wait for its end") {
  Simulation world(kRoute + "recipient_rate = \"100/h\"\n" + kThere);
  Provider provider(world);
  world.submit_as(1001, "many@here.example", many_recipients(1000));
  world.run_for(1min);
  world.submit_as(1002, "one@here.example", {"you@there.example"});
  world.run_for(1h);
  CHECK(std::any_of(provider.received.begin(), provider.received.end(),
                    [](const auto& mail) { return mail.sender == "<one@here.example>"; }));
  CHECK(provider.recipients() == 200);
}

TEST_CASE("rate: recipients of a slice that were put off are tried again in their time, behind those not yet tried") {
  Simulation world(kRoute + "recipient_rate = \"10/h\"\n" + kThere);
  Provider provider(world);
  int puts_off = 2;
  provider.rcpt = [&](const std::string& recipient) {
    const bool is_late = recipient.find("<u0@") != recipient.npos || recipient.find("<u1@") != recipient.npos;
    return is_late && puts_off-- > 0 ? "450 4.2.1 later" : "250 2.1.5 ok";
  };
  const auto id = world.submit("me@here.example", many_recipients(18));
  world.run_for(1min);
  CHECK(provider.recipients() == 8);
  CHECK(world.load(id).recipients.at(0).attempts == 1);
  CHECK(world.load(id).recipients.at(17).attempts == 0);
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 3h));
  CHECK(provider.recipients() == 18);
  const auto message = world.load(id);
  CHECK(message.recipients.at(0).attempts == 2);
  CHECK(message.recipients.at(17).attempts == 1);
}

TEST_CASE("rate: slices of a message do not make its recipients that were put off tried more often") {
  Simulation world(kRoute + "recipient_rate = \"10/m\"\n" + kThere + "[retry]\nschedule = \"10m*\"\n");
  Provider provider(world);
  provider.rcpt = [](const std::string& recipient) {
    return recipient.find("<u0@") != recipient.npos ? "450 4.2.1 later" : "250 2.1.5 ok";
  };
  const auto id = world.submit("me@here.example", many_recipients(100));
  world.run_for(8min);
  CHECK(provider.recipients() > 60);
  CHECK(world.load(id).recipients.at(0).attempts == 1);
  world.run_for(1h);
  CHECK(provider.recipients() == 99);
  CHECK(world.load(id).recipients.at(0).attempts >= 5);
}

TEST_CASE("rate: transactions count as messages where a message needs several") {
  Simulation world("delivery.max_recipients = 10\n" + kRoute + "rate = \"3/h\"\n" + kThere);
  Provider provider(world);
  world.submit("me@here.example", many_recipients(100));
  world.run_for(30min);
  CHECK(provider.count() == 3);
  CHECK(provider.recipients() == 30);
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 4h));
  CHECK(provider.recipients() == 100);
  CHECK(provider.most_in(1h) == 3);
}

TEST_CASE("rate: a host that takes fewer recipients at a time gets no more transactions than the limit") {
  Simulation world(kRoute + "rate = \"3/h\"\n" + kThere);
  Provider provider(world);
  int in_transaction = 0;
  provider.mail = [&](const std::string&) {
    in_transaction = 0;
    return "250 ok";
  };
  provider.rcpt = [&](const std::string&) { return ++in_transaction > 5 ? "452 4.5.3 too many" : "250 2.1.5 ok"; };
  const auto id = world.submit("me@here.example", many_recipients(40));
  world.run_for(30min);
  CHECK(provider.count() == 3);
  CHECK(provider.recipients() == 15);
  CHECK(world.load(id).recipients.at(39).attempts == 0);
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 4h));
  CHECK(provider.recipients() == 40);
}

TEST_CASE("rate: a host that cannot be reached costs nothing of the limit, and its backoff is the usual one") {
  Simulation world(kNoDelayNotice + kRoute + "rate = \"2/d\"\n" + kThere);
  Provider provider(world);
  world.refuse("192.0.2.11:25");
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(6h);
  CHECK(world.load(id).recipients.at(0).attempts > 3);
  world.host("192.0.2.11:25", provider);
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 4h));
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(1min);
  CHECK(provider.count() == 2);
}

TEST_CASE("rate: a session that breaks when it is used again costs nothing of the limit") {
  Simulation world(kRoute + "rate = \"2/d\"\n" + kThere);
  Provider provider(world);
  provider.hangs_up = true;
  world.submit("me@here.example", {"you@there.example"});
  REQUIRE(world.run_until([&] { return provider.count() == 1; }, 10s));
  world.submit("me@here.example", {"you@there.example"});
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 1min));
  CHECK(provider.count() == 2);
}

TEST_CASE("rate: the sender is told of the delay at the usual time, and why") {
  Simulation world(kRoute + "rate = \"1/d\"\n" + kThere);
  Provider provider(world);
  SimulatedHost here;
  world.dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.1");
  world.host("192.0.2.1:25", here);
  for (int i = 0; i < 2; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(3h + 59min);
  CHECK(here.received.empty());
  world.run_for(10min);
  REQUIRE(here.received.size() == 1);
  CHECK_THAT(here.received[0].content, Catch::Contains("waits for the rate limit of route office (1/d)"));
}

TEST_CASE("rate: what is still waiting at the end of its lifetime comes back, and says that it was the limit") {
  Simulation world(kRoute + "rate = \"1/d\"\n" + kThere + "[retry]\nlifetime = \"6h\"\ndelay_notice = \"0\"\n");
  Provider provider(world);
  SimulatedHost here;
  world.dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.1");
  world.host("192.0.2.1:25", here);
  for (int i = 0; i < 2; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(8h);
  CHECK(provider.count() == 1);
  REQUIRE(here.received.size() == 1);
  CHECK_THAT(here.received[0].content, Catch::Contains("the rate limit of its route was used up"));
}

TEST_CASE("rate: over restarts, kills and power cuts no window has more than the limit, and little of it is lost") {
  Simulation world(kNoDelayNotice + kRoute + "rate = \"32/h\"\n" + kThere);
  Provider provider(world);
  const Duration begin = std::chrono::floor<Duration>(world.time.since_boot());
  for (int i = 0; i < 400; ++i) world.submit("me@here.example", {"you@there.example"});
  for (int round = 0; world.queued() > 0 && round < 100; ++round) {
    world.run_for(7min + Duration(round * 1237));
    if (round % 3 == 0) world.crash(test::ForgetfulDisk::Cut::kill);
    if (round % 3 == 1) world.crash(test::ForgetfulDisk::Cut::subset);
    if (round % 3 == 2) world.restart(1min);
  }
  CHECK(world.queued() == 0);
  CHECK(provider.most_in(1h) <= 32);
  CHECK(provider.when.back() - begin < 16h);  // 12 h without crashes
}

TEST_CASE("rate: a reload with another limit applies at once, and so does one without") {
  Simulation world(kRoute + "rate = \"5/h\"\n" + kThere);
  Provider provider(world);
  for (int i = 0; i < 40; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(10min);
  CHECK(provider.count() == 5);
  world.reload(kRoute + "rate = \"12/h\"\n" + kThere);
  world.run_for(1min);
  CHECK(provider.count() == 12);
  world.reload(kRoute + "rate = \"3/h\"\n" + kThere);
  world.run_for(30min);
  CHECK(provider.count() == 12);
  world.reload(kRoute + kThere);
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 1min));
}

TEST_CASE("rate: steps of the wall clock neither block the mail nor let more of it through") {
  for (const Duration step : {Duration(-24h), Duration(24h * 30)}) {
    Simulation world(kRoute + "rate = \"5/h\"\n" + kThere);
    Provider provider(world);
    for (int i = 0; i < 15; ++i) world.submit("me@here.example", {"you@there.example"});
    world.run_for(10min);
    world.time.step_wall(step);
    world.run_for(10min);
    CHECK(provider.count() == 5);
    world.restart(1min);
    world.run_for(10min);
    CHECK(provider.count() == 5);
    world.run_for(2h);
    CHECK(provider.count() == 15);
    CHECK(provider.most_in(1h) == 5);
  }
}

TEST_CASE("rate: mail that waits for its limit is not tried at once by an operator's retry, and a release of held mail keeps the limit") {
  Simulation world(kRoute + "rate = \"1/h\"\n" + kThere);
  Provider provider(world);
  std::vector<queue::QueueId> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(world.submit("me@here.example", {"you@there.example"}));
  world.run_for(1min);
  world.act(queue::ActionKind::retry, ids);
  world.act(queue::ActionKind::hold, ids.at(2));
  world.run_for(1min);
  world.act(queue::ActionKind::release, ids.at(2));
  world.run_for(30min);
  CHECK(provider.count() == 1);
  world.run_for(2h);
  CHECK(provider.count() == 3);
}

TEST_CASE("rate: several limits hold at the same time") {
  Simulation world(kRoute + "rate = [\"5/m\", \"12/h\"]\n" + kThere);
  Provider provider(world);
  for (int i = 0; i < 30; ++i) world.submit("me@here.example", {"you@there.example"});
  world.run_for(2h);
  CHECK(provider.count() == 24);
  CHECK(provider.most_in(1min) == 5);
  CHECK(provider.most_in(1h) == 12);
}

TEST_CASE("rate: without a limit no file is written") {
  Simulation world(kRoute + kThere);
  Provider provider(world);
  world.submit("me@here.example", {"you@there.example"});
  REQUIRE(world.run_until([&] { return world.queued() == 0; }, 1min));
  world.restart(1min);
  const auto files = world.disk.files();
  CHECK(std::none_of(files.begin(), files.end(), [](const std::string& file) { return file.find("rates") != file.npos; }));
}
