// The result of a lookup: a site, a move to another worker, a backoff, or a permanent failure.
#include "mta/delivery/resolve_stage.h"

#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <vector>

#include "mta/config/config.h"
#include "mta/delivery/age_policy.h"
#include "mta/delivery/backoffs.h"
#include "mta/delivery/conclusion.h"
#include "mta/delivery/ownership.h"
#include "mta/delivery/resolved.h"
#include "mta/delivery/wakes.h"
#include "mta/events/hub.h"
#include "mta/transport/report.h"
#include "queue/schedule.h"
#include "tests/mta/delivery/worker_tables.h"
#include "tests/support/fake_spool.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::Conclusion;
using mta::delivery::instant_now;
using mta::delivery::ResolveStage;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::size_t kHere = 0, kElsewhere = 1;  // workers

// Two workers; the other one owns the sites that the test gives it.
struct TwoWorkers final : mta::delivery::Ownership {
  std::size_t owner = kHere;
  std::vector<std::string> placed;
  std::vector<mta::delivery::NewJob> moved;
  std::optional<queue::SiteRecord> restored;

  mta::delivery::SiteClaim claim_site(const std::string&, std::size_t) override { return {owner, restored}; }
  mta::delivery::SiteClaim claim_elsewhere(const std::string&, std::size_t) override { return {kElsewhere}; }
  void leave_site(const std::string&, std::size_t) override {}
  void place_destination(mta::routing::DestinationRef name, std::size_t) override { placed.emplace_back(name.text()); }
  void forget_destination(mta::routing::DestinationRef, std::size_t) override {}
  void move_job(mta::delivery::NewJob job) override { moved.push_back(std::move(job)); }
  void readmit(const queue::Message&) override {}
};

struct Stage : WorkerTables {
  VirtualTime time;
  asio::io_context io;
  FakeSpool spool;
  TwoWorkers workers;
  std::mt19937_64 random{1};
  std::shared_ptr<ScriptedResolver> dns = std::make_shared<ScriptedResolver>();
  mta::delivery::Wakes wakes{destinations, sites};
  mta::delivery::AgePolicy age{{schedule, destinations, sites, wakes}, nothing_expires(), instant_now()};
  mta::events::Hub events;
  mta::delivery::Backoffs backoffs{{schedule, destinations, sites, wakes, age, spool, events, random}};
  bool has_place = true;                                                                            // for each owner
  std::optional<std::set<dns::Address>> own_addresses{{dns::Address::parse("127.0.0.1").value()}};  // of this host
  std::vector<DestinationIndex> served;
  std::vector<Conclusion> concluded;
  ResolveStage stage{
      kHere,
      io,
      {schedule, destinations, sites, wakes, age, backoffs, workers, spool, random, nullptr, nullptr, 1, [this] { return own_addresses; }},
      {[this](DestinationIndex index) { served.push_back(index); }, [] {}, [this](Conclusion c) { concluded.push_back(c); },
       [this](Conclusion c) -> Task<void> {
         concluded.push_back(c);
         co_return;
       },
       [this](const mta::fairness::Owner&) { return has_place; }},
      {config.get(), dns}};

  Stage() { dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1"); }

  // With this many ready jobs.
  DestinationIndex looked_up(const std::string& name, int jobs = 1) {
    for (int i = 1; i <= jobs; ++i) job(i, name, instant_now());
    const DestinationIndex index = schedule.destination(name);
    stage.look_up(index);
    time.run_for(io, seconds(30));
    return index;
  }
};

}  // namespace

TEST_CASE("resolve stage: a domain joins the site of its mail hosts, and is served") {
  Stage s;
  const auto there = s.looked_up("there.example");
  CHECK(s.served == std::vector{there});
  REQUIRE(s.destinations[there].site != queue::kNone);
  CHECK(s.sites.key(s.destinations[there].site) == "mx.there.example:25");
  CHECK(s.destinations[there].resolved_until > instant_now());
  CHECK(s.destinations[there].resolved_until <= instant_now() + seconds(300));
  CHECK_FALSE(s.destinations[there].resolving);
}

TEST_CASE("resolve stage: domains with the same hosts are one site") {
  Stage s;
  s.dns->mx("also.example", 20, "mx.there.example");
  CHECK(s.destinations[s.looked_up("there.example")].site == s.destinations[s.looked_up("also.example")].site);
}

TEST_CASE("resolve stage: a mailbox has its site without a lookup, for good") {
  Stage s;
  const auto mailbox = s.schedule.destination(mta::routing::DestinationRef::mailbox().text());
  s.stage.begin(mailbox);
  CHECK(s.destinations[mailbox].has_fixed_site());
  s.stage.reconfigured({s.config.get(), s.dns});
  CHECK(s.destinations[mailbox].has_fixed_site());
  CHECK(s.dns->asked.empty());
}

TEST_CASE("resolve stage: mail to new hosts that has no place here goes to a worker with places, but a known domain stays") {
  Stage s;
  s.looked_up("there.example");
  s.has_place = false;
  s.dns->mx("new.example", 10, "mx.new.example").a("mx.new.example", "192.0.2.2");
  const auto fresh = s.looked_up("new.example", 2);
  CHECK(s.workers.placed == std::vector<std::string>{"new.example"});
  CHECK(s.workers.moved.size() == 2);
  CHECK(s.destinations[fresh].site == queue::kNone);
  s.time.run_for(s.io, minutes(20));
  s.looked_up("there.example");
  CHECK(s.workers.placed.size() == 1);
}

TEST_CASE("resolve stage: new hosts to which no mail is left stay here, where their site is, though it has no place") {
  Stage s;
  s.has_place = false;
  const JobIndex job = s.job(1, "there.example", instant_now());
  const auto there = s.schedule.destination("there.example");
  s.stage.look_up(there);
  s.schedule.remove(job);
  s.time.run_for(s.io, seconds(30));
  CHECK(s.destinations[there].site != queue::kNone);
  CHECK(s.workers.placed.empty());
}

TEST_CASE("resolve stage: jobs of a domain whose hosts another worker has go there, with what was found") {
  Stage s;
  s.workers.owner = kElsewhere;
  const auto there = s.looked_up("there.example", 3);
  CHECK(s.workers.placed == std::vector<std::string>{"there.example"});
  REQUIRE(s.workers.moved.size() == 3);
  for (const auto& job : s.workers.moved) {
    REQUIRE(job.resolved);
    CHECK(job.resolved->key.text() == "mx.there.example:25");
  }
  CHECK_FALSE(s.schedule.has_jobs(there));
  CHECK(s.served.empty());
}

TEST_CASE("resolve stage: what a job brings along is taken over once, and not under other rules") {
  Stage s;
  s.workers.owner = kElsewhere;
  const auto there = s.looked_up("there.example");
  REQUIRE(s.workers.moved.size() == 1);
  const auto resolved = s.workers.moved[0].resolved;
  s.workers.owner = kHere;
  s.dns->asked.clear();
  auto other_rules = std::make_shared<mta::delivery::Resolved>(*resolved);
  other_rules->config = std::make_shared<const mta::Config>();
  CHECK_FALSE(s.stage.take_over(there, other_rules));
  CHECK(s.stage.take_over(there, resolved));
  CHECK(s.served == std::vector{there});
  CHECK_FALSE(s.stage.take_over(there, resolved));
  CHECK(s.dns->asked.empty());
}

TEST_CASE("resolve stage: no answer makes the domain back off, and one message carries the record") {
  Stage s;
  s.dns->fail("there.example");
  const auto there = s.looked_up("there.example", 3);
  REQUIRE(s.destinations[there].backoff.active());
  REQUIRE(s.concluded.size() == 1);
  CHECK(s.concluded[0].outcome == proto::Outcome::deferred);
  CHECK(s.wakes.next() == s.destinations[there].backoff.next_probe());
  s.dns->forget("there.example").mx("there.example", 10, "mx.there.example");
  s.stage.look_up(there);
  s.time.run_for(s.io, seconds(30));
  CHECK_FALSE(s.destinations[there].backoff.active());
  CHECK(s.served == std::vector{there});
}

TEST_CASE("resolve stage: mail whose only mail host is this host itself is not sent there") {
  Stage s;
  s.own_addresses = {{dns::Address::parse("192.0.2.1").value()}};
  const auto there = s.looked_up("there.example");
  CHECK(s.served.empty());
  CHECK(s.destinations[there].site == queue::kNone);
  REQUIRE(s.concluded.size() == 1);
  CHECK(s.concluded[0].outcome != proto::Outcome::delivered);
}

TEST_CASE("resolve stage: while the system does not tell the addresses of this host, mail waits") {
  Stage s;
  s.own_addresses.reset();
  const auto there = s.looked_up("there.example");
  CHECK(s.dns->asked.empty());
  CHECK(s.destinations[there].backoff.active());
  REQUIRE(s.concluded.size() == 1);
  CHECK(s.concluded[0].outcome == proto::Outcome::deferred);
}

TEST_CASE("resolve stage: a domain that does not exist fails all its mail") {
  Stage s;
  s.looked_up("nobody.example", 3);
  REQUIRE(s.concluded.size() == 3);
  for (const auto& conclusion : s.concluded) CHECK(conclusion.outcome == proto::Outcome::failed);
}

TEST_CASE("resolve stage: a lookup that began before a reload is made again") {
  Stage s;
  s.dns->delay = seconds(10);
  s.job(1, "there.example");
  const auto there = s.schedule.destination("there.example");
  s.stage.look_up(there);
  s.time.run_for(s.io, seconds(1));
  s.config.set(mta::Config());
  s.stage.reconfigured({s.config.get(), s.dns});
  s.time.run_for(s.io, minutes(1));
  CHECK(s.served == std::vector{there});
  CHECK(s.destinations[there].site == queue::kNone);
}

TEST_CASE("resolve stage: after the end nothing comes of a lookup") {
  Stage s;
  s.dns->delay = seconds(10);
  s.job(1, "there.example");
  const auto there = s.schedule.destination("there.example");
  s.stage.look_up(there);
  s.stage.stop();
  s.time.run_for(s.io, minutes(1));
  CHECK(s.served.empty());
  CHECK(s.destinations[there].site == queue::kNone);
}
