// Delay notices and expiry, by the age of a message alone.
#include "mta/delivery/age_policy.h"

#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "mta/delivery/wakes.h"
#include "mta/transport/report.h"
#include "queue/schedule.h"
#include "tests/mta/delivery/worker_tables.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::AgePolicy;
using mta::delivery::Conclusion;
using mta::delivery::SiteFailure;
using queue::JobStage;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const Instant kStart{hours(1000)};
const Instant kDeadline = kStart + std::chrono::days(5);  // by the default configuration
const Instant kDelay = kStart + hours(4);

struct Ages : WorkerTables {
  std::vector<Conclusion> concluded;
  std::size_t notices = 0;
  bool takes_notices = true, has_places = true;
  mta::delivery::Wakes wakes{destinations, sites};
  AgePolicy age{{schedule, destinations, sites, wakes},
                {[this](const queue::Job&) { return has_places ? std::optional(mta::fairness::Owner()) : std::nullopt; },
                 [this](Conclusion conclusion) { concluded.push_back(std::move(conclusion)); },
                 [this](const queue::Job&, std::optional<SiteFailure>, Instant) {
                   notices += takes_notices ? 1 : 0;
                   return takes_notices;
                 }},
                kStart};
  JobIndex index = job(1, "there.example", kStart);
  std::mt19937_64 random{1};

  Instant next_look() { return schedule.job(index).next_age; }
  void fail_lookup(Instant when) {
    destinations[schedule.job(index).destination].backoff.failed(a_failure(), when, config.get()->retry, random);
  }
};

}  // namespace

TEST_CASE("age policy: the first look is for the delay notice, the next one for the end of the lifetime") {
  Ages a;
  a.age.arrange(a.index, kStart);
  CHECK(a.next_look() == kDelay);
  a.schedule.job(a.index).first_attempt = false;
  a.age.look(a.index, kDelay);
  CHECK(a.notices == 1);
  CHECK(a.next_look() == kDeadline);
  a.age.look(a.index, kDelay + minutes(1));
  CHECK(a.notices == 1);
}

TEST_CASE("age policy: there is no delay notice before the message was tried or its host failed, and it is asked for again when refused") {
  Ages a;
  a.age.look(a.index, kDelay);
  CHECK(a.notices == 0);
  CHECK(a.next_look() == kDelay + minutes(10));
  a.fail_lookup(kDelay);
  a.takes_notices = false;
  a.age.look(a.index, kDelay);
  CHECK(a.next_look() == kDelay + minutes(10));
  a.takes_notices = true;
  a.age.look(a.index, kDelay + minutes(10));
  CHECK(a.notices == 1);
}

TEST_CASE("age policy: a message whose time is up is tried at once, and expires when that fails") {
  Ages a;
  a.schedule.wait_until(a.index, kDeadline + hours(5));
  a.age.look(a.index, kDeadline);
  CHECK(a.concluded.empty());
  CHECK(a.schedule.job(a.index).stage == JobStage::ready);
  a.fail_lookup(kDeadline);
  a.age.expire_waiting(a.schedule.job(a.index).destination, kDeadline);
  REQUIRE(a.concluded.size() == 1);
  CHECK(a.concluded[0].outcome == proto::Outcome::deferred);
  CHECK(a.schedule.job(a.index).stage == JobStage::leased);
}

TEST_CASE("age policy: while a site refuses mail by an own fault, mail fails when own_fault_lifetime is over") {
  Ages a;
  const DestinationIndex there = a.schedule.job(a.index).destination;
  a.age.arrange(a.index, kStart);
  const auto fail = [&](Instant when) {
    a.destinations[there].backoff.failed(a_failure(), when, a.config.get()->retry, a.random, {hours(4), true});
    a.age.expire_waiting(there, when);
  };
  fail(kStart + hours(47));
  CHECK(a.concluded.empty());
  fail(kStart + hours(51));
  REQUIRE(a.concluded.size() == 1);
  CHECK(a.concluded[0].outcome == proto::Outcome::failed);
  CHECK(a.concluded[0].failure.is_own_fault);
}

TEST_CASE("age policy: a failure of long before the deadline expires nothing, and the backoff ends for one more attempt") {
  Ages a;
  a.fail_lookup(kDeadline - minutes(6));
  a.age.look(a.index, kDeadline);
  CHECK(a.concluded.empty());
  CHECK(a.destinations[a.schedule.job(a.index).destination].backoff.next_probe() == kDeadline);
}

TEST_CASE("age policy: without an attempt a message expires an hour after its time, but not while no attempt may begin") {
  Ages a;
  a.age.pause();
  a.age.look(a.index, kDeadline + hours(2));
  CHECK(a.concluded.empty());
  a.age.resume(kDeadline + hours(2));
  a.age.look(a.index, kDeadline + hours(3) - minutes(1));
  CHECK(a.concluded.empty());
  a.age.look(a.index, kDeadline + hours(3));
  CHECK(a.concluded.size() == 1);
}

TEST_CASE("age policy: what is held fails when it has been held too long, and waits for nothing") {
  Ages a;
  a.schedule.hold(a.index);
  a.age.arrange(a.index, kStart);
  CHECK(a.next_look() == kStart + std::chrono::days(30));
  a.age.look(a.index, kStart + std::chrono::days(30));
  REQUIRE(a.concluded.size() == 1);
  CHECK(a.concluded[0].outcome == proto::Outcome::failed);
  CHECK(a.concluded[0].failure.result.text == proto::kHeldTooLong);
}

TEST_CASE("age policy: of very much mail that expires at one moment some waits, in the queue as before, and has another look soon") {
  Ages a;
  const JobIndex held = a.job(2, "there.example", kStart);
  a.schedule.hold(held);
  a.fail_lookup(kDeadline);
  a.has_places = false;
  a.age.expire_waiting(a.schedule.job(a.index).destination, kDeadline);
  a.age.look(held, kDeadline + std::chrono::days(1000));
  CHECK(a.concluded.empty());
  CHECK(a.schedule.job(a.index).stage == JobStage::ready);
  CHECK(a.next_look() <= kDeadline + std::chrono::seconds(2));
  CHECK(a.schedule.job(held).stage == JobStage::held);
  CHECK_FALSE(a.schedule.job(held).hold_wanted);
  a.has_places = true;
  a.age.look(a.index, kDeadline + std::chrono::seconds(2));
  CHECK(a.concluded.size() == 1);
}
