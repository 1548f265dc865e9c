// The state of a worker as operators see it.
#include "mta/delivery/admin_view.h"

#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "mta/delivery/flights.h"
#include "mta/delivery/site_limits.h"
#include "mta/delivery/wakes.h"
#include "mta/transport/report.h"
#include "queue/schedule.h"
#include "tests/mta/delivery/worker_tables.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::AdminView;
using mta::delivery::Flights;
using std::chrono::minutes;

namespace {

const Instant kNow{minutes(1000)};

struct View : WorkerTables {
  Flights flights;
  asio::io_context io;
  mta::delivery::Wakes wakes{destinations, sites};
  mta::delivery::SiteLimits limits{0, {io, sites, wakes, schedule, nullptr, nullptr}, {}};
  AdminView view{schedule, destinations, sites, limits, flights};
  std::mt19937_64 random{1};
};

}  // namespace

TEST_CASE("admin view: each destination with mail is a row, with what is held, in flight and ending") {
  View v;
  v.destination("empty.example");
  v.job(1, "a.example");
  v.schedule.hold(v.job(2, "a.example"));
  const JobIndex flying = v.job(3, "a.example"), ending = v.job(4, "a.example");
  v.schedule.lease_job(flying);
  v.flights.begin(flying, kNow);
  v.schedule.lease_job(ending);
  v.schedule.job(ending).is_recorded = v.schedule.job(ending).is_over = true;
  const auto rows = v.view.status(kNow);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].destination == "a.example");
  CHECK(rows[0].messages == 4);
  CHECK(rows[0].held == 1);
  CHECK(rows[0].in_flight == 1);
  CHECK(rows[0].ending == 1);
  REQUIRE(rows[0].flights.size() == 1);
  CHECK(rows[0].flights[0].message == queue::QueueId{3});
  CHECK(rows[0].flights[0].host.empty());
}

TEST_CASE("admin view: of one message only destinations that fail or are in flight are told") {
  View v;
  v.job(1, "calm.example");
  const JobIndex flying = v.job(1, "flying.example");
  v.flights.begin(flying, kNow);
  v.flights.ask(flying, {"mx.flying.example", *dns::Address::parse("192.0.2.1"), 25, false, 10});
  v.destinations[v.schedule.job(v.job(1, "failing.example")).destination].backoff.failed(a_failure("refused"), kNow, v.config.get()->retry,
                                                                                         v.random);
  v.job(2, "other.example");
  auto rows = v.view.status_of(queue::QueueId{1}, kNow);
  REQUIRE(rows.size() == 2);
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.destination < b.destination; });
  CHECK(rows[0].destination == "failing.example");
  CHECK(rows[0].last->text == "refused");
  CHECK(rows[0].next_probe);
  CHECK(rows[1].flights.at(0).host == "mx.flying.example");
  CHECK(rows[1].flights.at(0).address == "192.0.2.1:25");
}

TEST_CASE("admin view: a delivery that has ended is seen no more") {
  View v;
  const JobIndex job = v.job(1, "a.example");
  v.schedule.lease_job(job);
  v.flights.begin(job, kNow);
  v.flights.end(job);
  CHECK(v.view.status(kNow).at(0).flights.empty());
}
