// Start and end of backoffs of sites and lookups.
#include "mta/delivery/backoffs.h"

#include <catch2/catch.hpp>

#include "mta/auth/current_login.h"
#include "mta/auth/login.h"
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
using std::chrono::minutes;
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

TEST_CASE("backoffs: for an own fault the next probe comes after its wait, and new mail brings none before") {
  Waits w;
  const Instant now = instant_now();
  w.backoffs.failed(w.there, w.host, a_failure(), now, {hours(4), true});
  const auto& backoff = w.sites[w.host].backoff;
  CHECK(backoff.next_probe() >= now + hours(4));
  CHECK(backoff.next_probe() <= instant_now() + hours(4) + minutes(24));
  CHECK(backoff.probe_time(true) == backoff.next_probe());
  CHECK(backoff.failure()->is_own_fault);
  w.backoffs.failed(w.there, w.host, a_failure(), backoff.next_probe());
  CHECK_FALSE(backoff.is_own_fault());
}

TEST_CASE("backoffs: a stated wait counts for the first failure of a row") {
  Waits w;
  w.backoffs.failed(w.there, w.host, a_failure(), instant_now(), {hours(2), false});
  const Instant first = w.sites[w.host].backoff.next_probe();
  CHECK(first >= instant_now() + hours(1));
  w.backoffs.failed(w.there, w.host, a_failure(), first, {hours(2), false});
  CHECK(w.sites[w.host].backoff.next_probe() < instant_now() + hours(1));
}

TEST_CASE("backoffs: a failure after MAIL is the message's until another message meets it") {
  Waits w;
  AttemptReport report;
  report.after_mail = proto::Stage::rcpt;
  CHECK_FALSE(w.backoffs.counts_against_site(w.there, w.host, message(1, 1001), report));
  CHECK(w.backoffs.counts_against_site(w.there, w.host, message(2, 1002), report));
}

TEST_CASE("backoffs: a failure before MAIL ends the suspicion, so that the next failure after MAIL is its message's again") {
  Waits w;
  AttemptReport after_mail;
  after_mail.after_mail = proto::Stage::rcpt;
  CHECK_FALSE(w.backoffs.counts_against_site(w.there, w.host, message(1, 1001), after_mail));
  CHECK(w.backoffs.counts_against_site(w.there, w.host, message(1, 1001), AttemptReport()));
  CHECK_FALSE(w.backoffs.counts_against_site(w.there, w.host, message(2, 1002), after_mail));
}

TEST_CASE("backoffs: a failure before MAIL is the site's at once") {
  Waits w;
  CHECK(w.backoffs.counts_against_site(w.there, w.host, message(1, 1001), AttemptReport()));
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

namespace {

// A site that signs in with [credentials.`name`].
mta::delivery::SiteIndex site_with_login(WorkerTables& tables, const std::string& name) {
  mta::transport::SessionKey key{{mta::transport::NextHop::Kind::route, name + ".example:587"}, {}};
  key.terms.login = std::make_shared<mta::auth::CurrentLogin>(name, std::make_shared<const mta::auth::Login>());
  return tables.sites.index(key);
}

proto::HostResult reply(proto::Stage stage, int code) {
  proto::HostResult result = a_failure("no");
  result.stage = stage;
  result.reply_code = code;
  return result;
}

}  // namespace

TEST_CASE("backoffs: a login that changes has the sites asked at once that back off and use it, and no others") {
  Waits w;
  const auto provider = site_with_login(w, "provider"), other = site_with_login(w, "other"), healthy = site_with_login(w, "provider2");
  for (const auto site : {provider, other, w.host}) w.backoffs.failed(w.there, site, a_failure(), instant_now());
  w.backoffs.login_changed("provider");
  CHECK(w.sites[provider].backoff.may_probe(instant_now(), false));
  CHECK_FALSE(w.sites[other].backoff.may_probe(instant_now(), false));
  CHECK_FALSE(w.sites[w.host].backoff.may_probe(instant_now(), false));
  CHECK_FALSE(w.sites[healthy].backoff.active());
  w.backoffs.login_changed(std::nullopt);
  CHECK(w.sites[other].backoff.may_probe(instant_now(), false));
  CHECK_FALSE(w.sites[w.host].backoff.may_probe(instant_now(), false));
}

TEST_CASE("backoffs: with a new login the mail that was the probe is due, mail that waits longer is not") {
  Waits w;
  const auto provider = site_with_login(w, "provider");
  const auto direct = w.destination("direct.example");
  w.sites.join(w.there, provider);
  w.sites.join(direct, w.host);
  w.backoffs.failed(w.there, provider, a_failure(), instant_now());
  const Instant next_probe = w.sites[provider].backoff.next_probe();
  const JobIndex probe = w.job(1, "there.example"), own = w.job(2, "there.example"), elsewhere = w.job(3, "direct.example"),
                 held = w.job(4, "there.example");
  w.schedule.wait_until(probe, next_probe);
  w.schedule.wait_until(own, next_probe + hours(1));
  w.schedule.wait_until(elsewhere, next_probe);
  w.schedule.hold(held);
  w.backoffs.login_changed("provider");
  CHECK(w.schedule.job(probe).stage == queue::JobStage::ready);
  CHECK(w.schedule.job(own).stage == queue::JobStage::waiting);
  CHECK(w.schedule.job(elsewhere).stage == queue::JobStage::waiting);
  CHECK(w.schedule.job(held).stage == queue::JobStage::held);
}

TEST_CASE("backoffs: whose login a site refuses is told, however the failure counts, and that it takes mail again") {
  struct Heard final : mta::events::Sink {
    std::vector<std::string> all;
    std::string_view name() const override { return "test"; }
    void take(const mta::events::Event& event) override {
      if (const auto* refused = std::get_if<mta::events::LoginRefused>(&event)) all.push_back(std::string(refused->login) + " is refused");
      if (const auto* recovered = std::get_if<mta::events::SiteRecovered>(&event))
        all.push_back(std::string(recovered->login) + " is taken");
    }
  } heard;
  mta::events::Hub events({&heard});
  Waits w;
  Backoffs backoffs({w.schedule, w.destinations, w.sites, w.wakes, w.age, w.spool, events, w.random});
  const auto provider = site_with_login(w, "provider");
  using Stage = proto::Stage;
  const auto meet = [&](Stage stage, int code, SiteIndex site) {
    AttemptReport report;
    if (stage == Stage::mail) report.after_mail = Stage::rcpt;
    report.failure = reply(stage, code);
    (void)backoffs.counts_against_site(w.there, site, message(1, 1000), report);
  };
  for (const auto& [stage, code] : {std::pair(Stage::auth, 535), {Stage::auth, 550}, {Stage::mail, 530}, {Stage::mail, 535}})
    meet(stage, code, provider);
  CHECK(heard.all == std::vector<std::string>(4, "provider is refused"));
  heard.all.clear();
  for (const auto& [stage, code] :
       {std::pair(Stage::auth, 0), {Stage::auth, 454}, {Stage::auth, 504}, {Stage::mail, 550}, {Stage::hello, 535}})
    meet(stage, code, provider);
  meet(Stage::mail, 535, w.host);  // there is no sign-in there
  CHECK(heard.all.empty());
  backoffs.failed(w.there, provider, reply(Stage::auth, 535), instant_now());
  backoffs.succeeded(w.there, provider, 10, seconds(1));
  CHECK(heard.all == std::vector<std::string>{"provider is taken"});
}
