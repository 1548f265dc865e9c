// Destinations and sites of a worker: the times at which they are served, and how they are forgotten.
#include "tests/mta/delivery/worker_tables.h"

#include <catch2/catch.hpp>
#include <set>

#include "mta/delivery/cleanup.h"
#include "mta/delivery/ownership.h"
#include "mta/delivery/wakes.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::Cleanup;
using mta::delivery::Wakes;
using std::chrono::minutes;

namespace {

const Instant kNow{minutes(1000)};

struct NoOwnership : mta::delivery::Ownership {
  std::vector<std::string> left;
  std::vector<std::string> forgotten;
  mta::delivery::SiteClaim claim_site(const std::string&, std::size_t) override { return {}; }
  void leave_site(const std::string& key, std::size_t) override { left.push_back(key); }
  void place_destination(mta::routing::DestinationRef, std::size_t) override {}
  void forget_destination(mta::routing::DestinationRef destination, std::size_t) override { forgotten.emplace_back(destination.text()); }
  void move_job(mta::delivery::NewJob) override {}
  void readmit(const queue::Message&) override {}
};

std::vector<DestinationIndex> members(const WorkerTables& t, SiteIndex site) {
  std::vector<DestinationIndex> found;
  t.sites.for_each_member(site, [&](DestinationIndex index) { found.push_back(index); });
  return found;
}

}  // namespace

TEST_CASE("destinations: one is begun once, and an earlier run's backoff of its lookup is in force then") {
  WorkerTables t;
  t.destinations.restore_lookup("there.example", {"lookup:there.example", 3, WallTime(Duration(1)), a_failure()});
  const DestinationIndex index = t.schedule.destination("there.example");
  CHECK(t.destinations.begin(index));
  CHECK_FALSE(t.destinations.begin(index));
  CHECK(t.destinations[index].backoff.failures() == 3);
}

TEST_CASE("destinations: one that is forgotten leaves nothing to the next with its index but the count of answers") {
  WorkerTables t;
  const DestinationIndex index = t.destination("there.example");
  t.destinations[index].probe_wanted = true;
  t.destinations.forget(index);
  REQUIRE(t.destination("other.example") == index);
  CHECK_FALSE(t.destinations[index].probe_wanted);
  CHECK(t.destinations[index].answers == 1);
}

TEST_CASE("destinations: of very many only the beginning of a reply is kept") {
  WorkerTables t({}, 1);
  const auto failure = a_failure(std::string(300, 'x'));
  t.destination("a.example");
  CHECK(t.destinations.brief(failure).text.size() == 300);
  t.destination("b.example");
  CHECK(t.destinations.brief(failure).text.size() == 100);
}

TEST_CASE("site table: equal keys are one site, and a destination is a member of its latest one only") {
  WorkerTables t;
  const SiteIndex first = t.site("mx1.example"), second = t.site("mx2.example");
  CHECK(t.site("mx1.example") == first);
  CHECK(t.sites.find(t.sites.key(second)) == second);
  const DestinationIndex a = t.destination("a.example"), b = t.destination("b.example");
  t.sites.join(a, first);
  t.sites.join(b, first);
  CHECK(members(t, first) == std::vector{a, b});
  t.sites.join(a, second);
  CHECK(members(t, first) == std::vector{b});
  CHECK(members(t, second) == std::vector{a});
}

TEST_CASE("site table: sites with equal terms share them, and terms that no site has any more are forgotten at once") {
  WorkerTables tables;
  const auto site = [&](int host, int terms) {
    SessionKey key{{mta::transport::NextHop::Kind::mail_hosts, "mx" + std::to_string(host) + ".example:25"}, {}};
    key.terms.tls =
        mta::net::TlsPolicy::verify({mta::net::ReferenceName::parse("mx" + std::to_string(terms) + ".example").value()}, "a test");
    return tables.sites.index(key);
  };
  constexpr int kSites = 3000;
  std::vector<std::weak_ptr<const mta::transport::SessionTerms>> terms;
  std::set<std::size_t> hashes;
  for (int i = 0; i < kSites; ++i) {
    const SiteIndex one = site(2 * i, i), other = site(2 * i + 1, i);
    CHECK(tables.sites[one].terms == tables.sites[other].terms);
    terms.push_back(tables.sites[one].terms);
    hashes.insert(tables.sites[one].terms->hash());
  }
  CHECK(hashes.size() == kSites);
  tables.sites.forget(0);
  CHECK_FALSE(terms[0].expired());
  tables.sites.forget(1);
  CHECK(terms[0].expired());
  for (SiteIndex i = 2; i < 2 * kSites; ++i) tables.sites.forget(i);
  for (const auto& one : terms) CHECK(one.expired());
}

TEST_CASE("site table: mail waits for the backoff of its lookup first, then for that of its site") {
  WorkerTables t;
  std::mt19937_64 random(1);
  const DestinationIndex index = t.destination("a.example");
  CHECK(t.sites.backoff_of(index) == nullptr);
  const SiteIndex site = t.site("mx1.example");
  t.sites.join(index, site);
  t.sites[site].backoff.failed(a_failure(), kNow, t.config.get()->retry, random);
  CHECK(t.sites.backoff_of(index) == &t.sites[site].backoff);
  t.destinations[index].backoff.failed(a_failure(), kNow, t.config.get()->retry, random);
  CHECK(t.sites.backoff_of(index) == &t.destinations[index].backoff);
}

TEST_CASE("wakes: each is served at the earliest moment that was asked for, and only as often as it asks") {
  WorkerTables t;
  Wakes wakes(t.destinations, t.sites);
  const DestinationIndex index = t.destination("a.example");
  const SiteIndex site = t.site("mx1.example");
  wakes.wake_destination(index, kNow + minutes(2));
  wakes.wake_destination(index, kNow + minutes(3));  // it is served before, and looks then
  wakes.wake_site(site, kNow + minutes(1));
  CHECK(wakes.next() == kNow + minutes(1));
  std::vector<std::string> served;
  const auto serve = [&](Instant now) {
    wakes.serve_due(now, [&](DestinationIndex) { served.push_back("destination"); }, [&](SiteIndex) { served.push_back("site"); });
  };
  serve(kNow);
  CHECK(served.empty());
  serve(kNow + minutes(5));
  CHECK(served == std::vector<std::string>{"site", "destination"});
  CHECK_FALSE(wakes.next());
}

TEST_CASE("wakes: what is woken for now while others are served is served, too") {
  WorkerTables t;
  Wakes wakes(t.destinations, t.sites);
  const DestinationIndex index = t.destination("a.example");
  const SiteIndex site = t.site("mx1.example");
  wakes.wake_destination(index, kNow);
  int sites = 0;
  wakes.serve_due(kNow, [&](DestinationIndex) { wakes.wake_site(site, kNow); }, [&](SiteIndex) { ++sites; });
  CHECK(sites == 1);
}

TEST_CASE("cleanup: beyond many destinations those without mail are forgotten, and sites that nobody uses") {
  WorkerTables t({}, 2);
  NoOwnership ownership;
  bool has_sessions = true;
  Cleanup cleanup(0, {t.schedule, t.destinations, t.sites, ownership}, 2, [&](SiteIndex) { return has_sessions; });
  const DestinationIndex unused = t.destination("unused.example");
  const SiteIndex site = t.site("mx.unused.example");
  const std::string key = t.sites.key(site);
  t.sites.join(unused, site);
  CHECK_FALSE(cleanup.is_due());
  t.job(1, "used.example");
  CHECK(cleanup.is_due());
  cleanup.run();
  CHECK(ownership.forgotten == std::vector<std::string>{"unused.example"});
  CHECK(t.schedule.known_destinations() == 1);
  CHECK(ownership.left.empty());
  has_sessions = false;
  cleanup.run();
  CHECK(ownership.left == std::vector<std::string>{key});
  CHECK_FALSE(t.sites.is_known(site));
}

TEST_CASE("cleanup: many sites that one destination has left are forgotten, too") {
  WorkerTables t({}, 10);
  NoOwnership ownership;
  Cleanup cleanup(0, {t.schedule, t.destinations, t.sites, ownership}, 10, [](SiteIndex) { return false; });
  t.job(1, "there.example");
  const DestinationIndex there = t.destination("there.example");
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(cleanup.is_due());
    t.sites.join(there, t.site("mx" + std::to_string(i) + ".there.example"));
  }
  REQUIRE(cleanup.is_due());
  cleanup.run();
  CHECK(t.sites.known() == 1);
  CHECK(ownership.left.size() == 9);
  CHECK_FALSE(cleanup.is_due());
}

TEST_CASE("cleanup: a site in backoff is remembered without mail") {
  WorkerTables t({}, 1);
  NoOwnership ownership;
  Cleanup cleanup(0, {t.schedule, t.destinations, t.sites, ownership}, 1, [](SiteIndex) { return false; });
  std::mt19937_64 random(1);
  const SiteIndex site = t.site("mx.there.example");
  t.sites[site].backoff.failed(a_failure(), kNow, t.config.get()->retry, random);
  cleanup.run();
  CHECK(t.sites.is_known(site));
}
