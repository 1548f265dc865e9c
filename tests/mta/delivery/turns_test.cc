// The order of owners' mail at a site.
#include "mta/delivery/turns.h"

#include <catch2/catch.hpp>
#include <vector>

#include "mta/delivery/wakes.h"
#include "mta/system/instant.h"
#include "mta/transport/transport.h"
#include "mta/transport/transports.h"
#include "queue/schedule.h"
#include "tests/mta/delivery/worker_tables.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::Places;
using mta::delivery::Turns;
using mta::fairness::Owner;
using Turn = Turns::Turn;

namespace {

const Owner kAnn = Owner::user(1001), kBob = Owner::user(1002);

// Accepts this many orders at a time; none is ever given.
struct SomeOrders final : mta::transport::Transport {
  std::size_t most = 20;
  Task<mta::transport::AttemptReport> deliver(mta::transport::Order&) override { co_return mta::transport::AttemptReport(); }
  std::size_t most_orders(const mta::Config&) const override { return most; }
  bool keeps_site(std::uint32_t) const override { return false; }
  void stop() override {}
};

struct Site : WorkerTables {
  SomeOrders smtp, mailbox;
  mta::transport::Transports transports{smtp, mailbox, mailbox, mailbox};
  mta::delivery::Wakes wakes{destinations, sites};
  Turns turns{{schedule, destinations, sites, wakes, transports, config}};
  DestinationIndex there = destination("there.example");
  SiteIndex host = site("mx.there.example");
  std::uint64_t last_message = 0;

  Site() {
    sites.join(there, host);
    schedule.open(there, host);
    sites[host].window = 10;
  }
  void mail_of(const Owner& owner) {
    queue::Job job;
    job.message = proto::QueueId{++last_message};
    job.destination = there;
    job.stage = queue::JobStage::ready;
    schedule.add(job, owner);
  }
  Owner next_owner() const { return schedule.ready().owner(schedule.ready().line_at(host)); }
};

}  // namespace

TEST_CASE("turns: an owner who has his share of a site's sessions is passed over for one who has none there") {
  Site s;
  s.sites[s.host].window = 1;
  s.mail_of(kAnn);
  s.mail_of(kBob);
  s.turns.begin(s.host, kAnn);
  CHECK(s.turns.find(s.host) == Turn::found);
  CHECK(s.next_owner() == kBob);
}

TEST_CASE("turns: a site without room for any owner is full") {
  Site s;
  s.sites[s.host].window = 1;
  s.mail_of(kAnn);
  const Places::Place place = s.turns.begin(s.host, kAnn);
  CHECK(s.turns.find(s.host) == Turn::full);
  s.turns.end(s.host, place);
  CHECK(s.turns.find(s.host) == Turn::found);
}

TEST_CASE("turns: mail of an owner for whom the hosts take no more connections waits, and that of others does not") {
  Site s;
  s.mail_of(kAnn);
  s.mail_of(kBob);
  s.turns.wait_for_host(s.host, kAnn);
  CHECK_FALSE(s.turns.may_ask(s.host, kAnn));
  CHECK(s.turns.may_ask(s.host, kBob));
  CHECK(s.turns.find(s.host) == Turn::found);
  CHECK(s.next_owner() == kBob);
  s.turns.host_has_room(s.host, kAnn);
  CHECK(s.turns.may_ask(s.host, kAnn));
}

TEST_CASE("turns: a site whose mail waits for its hosts alone is woken when it may ask them again") {
  Site s;
  s.mail_of(kAnn);
  s.turns.wait_for_host(s.host, kAnn);
  REQUIRE(s.turns.find(s.host) == Turn::without_place);
  s.turns.wait_for_place(s.host);
  REQUIRE(s.wakes.next());
  CHECK(*s.wakes.next() > mta::system::instant_now());
  CHECK_FALSE(s.sites[s.host].is_waiting);
}

TEST_CASE("turns: a site that waits for a place is served once one is given back") {
  Site s;
  s.smtp.most = 1;
  s.mail_of(kAnn);
  const SiteIndex other = s.site("mx.other.example");
  const Places::Place place = s.turns.begin(other, kBob);
  REQUIRE(s.turns.find(s.host) == Turn::without_place);
  s.turns.wait_for_place(s.host);
  CHECK(s.sites[s.host].is_waiting);
  std::vector<SiteIndex> served;
  const auto serve = [&](SiteIndex site) { served.push_back(site); };
  s.turns.serve_line(other, serve);
  CHECK(served.empty());
  s.turns.end(other, place);
  s.turns.serve_line(other, serve);
  CHECK(served == std::vector<SiteIndex>{s.host});
  CHECK_FALSE(s.sites[s.host].is_waiting);
}

TEST_CASE("turns: the configuration bounds the sessions of a domain, and one is the least") {
  Site s;
  mta::Config config;
  config.delivery.max_sessions_per_site = 7;
  CHECK(s.turns.session_limit(s.there, config) == 7);
  config.destinations[proto::Domain::parse("there.example").value()].max_sessions = 3;
  CHECK(s.turns.session_limit(s.there, config) == 3);
  config.destinations.clear();
  config.delivery.max_sessions_per_site = 0;
  CHECK(s.turns.session_limit(s.there, config) == 1);
}
