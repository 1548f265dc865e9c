// When sites and lookups back off, and what ends it.
#include "mta/delivery/backoffs.h"

#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "mta/delivery/age_policy.h"
#include "mta/delivery/wakes.h"
#include "mta/events/hub.h"
#include "mta/transport/report.h"
#include "queue/schedule.h"
#include "tests/mta/delivery/worker_tables.h"
#include "tests/support/fake_spool.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::AgePolicy;
using mta::delivery::AttemptReport;
using mta::delivery::Backoffs;
using mta::delivery::instant_now;
using std::chrono::hours;
using std::chrono::seconds;

namespace {

struct Waits : WorkerTables {
  FakeSpool spool;
  std::mt19937_64 random{1};
  mta::delivery::Wakes wakes{destinations, sites};
  AgePolicy age{{schedule, destinations, sites, wakes}, nothing_expires(), instant_now()};
  mta::events::Hub events;
  Backoffs backoffs{{schedule, destinations, sites, wakes, age, spool, events, random}};
  DestinationIndex there = destination("there.example");
  SiteIndex host = site("mx.there.example");

  Waits() { sites.join(there, host); }
};

queue::Message message(std::uint64_t id, std::int64_t uid) {
  queue::Message message;
  message.id = queue::QueueId{id};
  message.envelope.submitter.uid = uid;
  return message;
}

}  // namespace

TEST_CASE("backoffs: a site that fails is not asked before its next probe, and an answer ends that") {
  Waits w;
  w.backoffs.failed(w.there, w.host, a_failure(), instant_now());
  REQUIRE(w.sites[w.host].backoff.active());
  CHECK(w.wakes.next() == w.sites[w.host].backoff.next_probe());
  CHECK_FALSE(w.sites[w.host].backoff.may_probe(instant_now(), false));
  w.backoffs.succeeded(w.there, w.host, 10, seconds(1));
  CHECK_FALSE(w.sites[w.host].backoff.active());
  CHECK(w.sites[w.host].backoff.may_probe(instant_now(), false));
}

TEST_CASE("backoffs: several deliveries at a time that fail are one failure of the site, and the next probe may be another") {
  Waits w;
  w.backoffs.failed(w.there, w.host, a_failure(), instant_now());
  w.backoffs.failed(w.there, w.host, a_failure(), instant_now() - seconds(5));
  CHECK(w.sites[w.host].backoff.failures() == 1);
  w.backoffs.failed(w.there, w.host, a_failure(), w.sites[w.host].backoff.next_probe());
  CHECK(w.sites[w.host].backoff.failures() == 2);
}

TEST_CASE("backoffs: a failure after MAIL is the message's until another message meets it") {
  Waits w;
  AttemptReport report;
  report.after_mail = proto::Stage::rcpt;
  CHECK_FALSE(w.backoffs.counts_against_site(w.host, message(1, 1001), report));
  CHECK(w.backoffs.counts_against_site(w.host, message(2, 1002), report));
}

TEST_CASE("backoffs: a failure before MAIL ends the suspicion, so that the next failure after MAIL is its message's again") {
  Waits w;
  AttemptReport after_mail;
  after_mail.after_mail = proto::Stage::rcpt;
  CHECK_FALSE(w.backoffs.counts_against_site(w.host, message(1, 1001), after_mail));
  CHECK(w.backoffs.counts_against_site(w.host, message(1, 1001), AttemptReport()));
  CHECK_FALSE(w.backoffs.counts_against_site(w.host, message(2, 1002), after_mail));
}

TEST_CASE("backoffs: a failure before MAIL is the site's at once") {
  Waits w;
  CHECK(w.backoffs.counts_against_site(w.host, message(1, 1001), AttemptReport()));
}

TEST_CASE("backoffs: what an earlier run left holds for a site of which this run knows nothing, and for no other") {
  Waits w;
  const queue::SiteRecord record{w.sites.key(w.host), 4, WallTime::max(), a_failure()};
  w.backoffs.succeeded(w.there, w.host, 10, seconds(1));
  w.backoffs.restore(record);
  CHECK_FALSE(w.sites[w.host].backoff.active());
  const SiteIndex other = w.site("mx.other.example");
  w.backoffs.restore({w.sites.key(other), 4, WallTime(Duration(1)), a_failure()});
  CHECK(w.sites[other].backoff.failures() == 4);
}

TEST_CASE("backoffs: an operator's retry asks the lookup and the site now, and a site that is not known yet as soon as it is") {
  Waits w;
  w.backoffs.failed(w.there, w.host, a_failure(), instant_now());
  w.backoffs.probe_now(w.there);
  CHECK(w.sites[w.host].backoff.next_probe() <= instant_now());
  CHECK_FALSE(w.destinations[w.there].probe_wanted);
  const DestinationIndex unknown = w.destination("unknown.example");
  w.backoffs.probe_now(unknown);
  CHECK(w.destinations[unknown].probe_wanted);
}

TEST_CASE("backoffs: only mail that came after the last failure and was never tried is fresh") {
  Waits w;
  const JobIndex before = w.job(1, "there.example", instant_now() - hours(1));
  w.backoffs.failed(w.there, w.host, a_failure(), instant_now());
  const auto& failure = w.sites[w.host].backoff;
  CHECK_FALSE(w.backoffs.has_fresh(w.there, failure));
  const JobIndex after = w.job(2, "there.example", instant_now() + hours(1));
  CHECK(w.backoffs.has_fresh(w.there, failure));
  w.schedule.job(before).first_attempt = w.schedule.job(after).first_attempt = false;
  CHECK_FALSE(w.backoffs.has_fresh(w.there, failure));
}
