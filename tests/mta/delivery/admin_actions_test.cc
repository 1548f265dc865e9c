// Actions of operators on jobs in every stage.
#include "mta/delivery/admin_actions.h"

#include <catch2/catch.hpp>

#include "mta/delivery/age_policy.h"
#include "mta/delivery/backoffs.h"
#include "mta/delivery/wakes.h"
#include "mta/events/hub.h"
#include "mta/system/instant.h"
#include "tests/mta/delivery/worker_tables.h"
#include "tests/support/fake_spool.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::ActionEffect;
using mta::delivery::AdminActions;
using mta::delivery::AgePolicy;
using queue::ActionKind;
using queue::JobStage;

namespace {

struct Operated : WorkerTables {
  FakeSpool spool;
  std::mt19937_64 random{1};
  mta::delivery::Wakes wakes{destinations, sites};
  AgePolicy age{{schedule, destinations, sites, wakes}, nothing_expires(), mta::system::instant_now()};
  mta::events::Hub events;
  mta::delivery::Backoffs backoffs{{schedule, destinations, sites, wakes, age, spool, events, random}};
  AdminActions actions{{schedule, age, backoffs}};
  JobIndex index = job(1, "there.example", mta::system::instant_now());

  Operated(JobStage stage) {
    if (stage == JobStage::leased) schedule.lease_job(index);
    if (stage == JobStage::held) schedule.hold(index);
    if (stage == JobStage::waiting) schedule.wait_until(index, mta::system::instant_now() + std::chrono::hours(1));
  }
  ActionEffect act(ActionKind action) { return actions.act(action, proto::QueueId{1}); }
  const queue::Job& job_now() const { return schedule.job(index); }
};

}  // namespace

TEST_CASE("admin actions: a job that waits is tried at once, held, or goes") {
  struct Row {
    ActionKind action;
    JobStage stage;
  };
  for (const Row& row : {Row{ActionKind::retry, JobStage::ready},
                         {ActionKind::hold, JobStage::held},
                         {ActionKind::remove, JobStage::free},
                         {ActionKind::bounce, JobStage::free}}) {
    Operated o(JobStage::waiting);
    CAPTURE(static_cast<int>(row.action));
    CHECK(o.act(row.action) == ActionEffect::done);
    CHECK(o.job_now().stage == row.stage);
  }
}

TEST_CASE("admin actions: a held job waits for its release, whatever else is asked") {
  Operated o(JobStage::held);
  CHECK(o.act(ActionKind::retry) == ActionEffect::held);
  CHECK(o.job_now().stage == JobStage::held);
  CHECK(o.act(ActionKind::release) == ActionEffect::done);
  CHECK(o.job_now().stage == JobStage::ready);
}

TEST_CASE("admin actions: a delivery under way is not broken off, and what was asked for is noted") {
  Operated held(JobStage::leased);
  CHECK(held.act(ActionKind::hold) == ActionEffect::in_flight);
  CHECK(held.job_now().stage == JobStage::leased);
  CHECK(held.job_now().hold_wanted);
  CHECK(held.act(ActionKind::release) == ActionEffect::in_flight);
  CHECK_FALSE(held.job_now().hold_wanted);
  Operated removed(JobStage::leased);
  CHECK(removed.act(ActionKind::remove) == ActionEffect::in_flight);
  CHECK(removed.job_now().withdrawn);
  Operated retried(JobStage::leased);
  CHECK(retried.act(ActionKind::retry) == ActionEffect::in_flight);
  CHECK(retried.job_now().retry_wanted);
}

TEST_CASE("admin actions: a job whose outcome is being recorded is not in flight, and one that is over is unknown") {
  Operated o(JobStage::leased);
  o.schedule.job(o.index).is_recorded = true;
  CHECK(o.act(ActionKind::hold) == ActionEffect::done);
  o.schedule.job(o.index).is_over = true;
  CHECK(o.act(ActionKind::hold) == ActionEffect::unknown);
}

TEST_CASE("admin actions: to try a message again asks its site now, though it backs off") {
  Operated o(JobStage::waiting);
  const DestinationIndex there = o.schedule.destination("there.example");
  const SiteIndex host = o.site("mx.there.example");
  o.sites.join(there, host);
  o.backoffs.failed(there, host, a_failure(), mta::system::instant_now());
  o.act(ActionKind::retry);
  CHECK(o.sites[host].backoff.next_probe() <= mta::system::instant_now());
}

TEST_CASE("admin actions: a message of which nothing is here is unknown") {
  Operated o(JobStage::waiting);
  CHECK(o.actions.act(ActionKind::remove, proto::QueueId{2}) == ActionEffect::unknown);
  CHECK(o.job_now().stage == JobStage::waiting);
}
