// The end of leases: recorded outcomes, the next state of the job, and the limit of concurrent conclusions.
#include "mta/delivery/leases.h"

#include <catch2/catch.hpp>
#include <functional>
#include <vector>

#include "mta/delivery/age_policy.h"
#include "mta/delivery/conclusions.h"
#include "mta/delivery/delivery_room.h"
#include "mta/delivery/job_loader.h"
#include "mta/delivery/loads.h"
#include "mta/delivery/notices.h"
#include "mta/delivery/verdict.h"
#include "mta/delivery/wakes.h"
#include "mta/events/hub.h"
#include "mta/system/instant.h"
#include "mta/transport/report.h"
#include "tests/mta/delivery/worker_tables.h"
#include "tests/support/fake_spool.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::Leases;
using mta::delivery::Share;
using mta::system::instant_now;
using queue::JobStage;

namespace {

struct Leased : WorkerTables {
  asio::io_context io;
  FakeSpool spool;
  std::mt19937_64 random{1};
  mta::events::Hub events;
  mta::delivery::Wakes wakes{destinations, sites};
  mta::delivery::AgePolicy age{{schedule, destinations, sites, wakes}, nothing_expires(), instant_now()};
  mta::delivery::Loads loads{spool, nullptr};
  mta::delivery::Notices notices{io, spool, config, events, nullptr, loads.under_way, [](auto, const auto&) {}, 1};
  int runs = 0, armed = 0;
  Leases leases{{io, schedule, destinations, age, spool, events, notices, loads, random}, {[this] { ++runs; }, [this] { ++armed; }}};
  JobIndex index = job(1, "there.example", instant_now());
  DestinationIndex there = schedule.destination("there.example");

  Leased() { schedule.lease_job(index); }
  const queue::Job& job_now() const { return schedule.job(index); }
  void settle(proto::Outcome outcome, bool site_failed = false) {
    auto message = std::make_shared<queue::Message>();
    message->id = proto::QueueId{1};
    message->envelope.recipients.push_back({*proto::Mailbox::parse("a@there.example"), {}, {}});
    message->recipients.resize(1);
    auto report = mta::transport::report_without_host({0}, outcome, a_failure(), Clock::current().wall());
    report.site_failed = site_failed;
    leases.settle(index, there, Share(message), std::move(report), std::nullopt);
  }
  void become_durable() {
    spool.say_settled(Status());
    io.restart();
    io.poll();
  }
};

}  // namespace

TEST_CASE("leases: a job stays leased until its outcome is durable") {
  Leased l;
  l.settle(proto::Outcome::deferred);
  l.io.poll();
  CHECK(l.job_now().stage == JobStage::leased);
  CHECK(l.job_now().is_recorded);
  CHECK(l.runs == 0);
  l.become_durable();
  CHECK(l.job_now().stage == JobStage::waiting);
  CHECK_FALSE(l.job_now().is_recorded);
  CHECK_FALSE(l.job_now().first_attempt);
  CHECK(Instant(l.job_now().next_try) > instant_now());
  CHECK(l.runs == 1);
}

TEST_CASE("leases: a job goes once its outcome is durable, unless something of it is left to try") {
  Leased l;
  l.settle(proto::Outcome::delivered);
  CHECK(l.job_now().is_over);
  l.become_durable();
  CHECK(l.schedule.job_count() == 0);
}

TEST_CASE("leases: a job that failed with its site is ready again: the site says when it may be asked") {
  Leased l;
  l.settle(proto::Outcome::deferred, true);
  l.become_durable();
  CHECK(l.job_now().stage == JobStage::ready);
}

TEST_CASE("leases: what the operator asked for during an attempt happens at its end") {
  Leased held;
  held.schedule.job(held.index).hold_wanted = true;
  held.settle(proto::Outcome::deferred);
  held.become_durable();
  CHECK(held.job_now().stage == JobStage::held);
  Leased removed;
  removed.schedule.job(removed.index).withdrawn = true;
  removed.settle(proto::Outcome::deferred);
  removed.become_durable();
  CHECK(removed.schedule.job_count() == 0);
  Leased retried;
  retried.schedule.job(retried.index).retry_wanted = true;
  retried.settle(proto::Outcome::deferred);
  retried.become_durable();
  CHECK(retried.job_now().stage == JobStage::ready);
  CHECK_FALSE(retried.job_now().retry_wanted);
}

TEST_CASE("leases: a job for which nothing was tried is ready again, or waits a moment for room, or some minutes after a failure") {
  Leased l;
  l.leases.requeue(l.index);
  CHECK(l.job_now().stage == JobStage::ready);
  l.schedule.lease_job(l.index);
  l.leases.wait_for_room(l.index);
  REQUIRE(l.job_now().stage == JobStage::waiting);
  CHECK(Instant(l.job_now().next_try) <= instant_now() + std::chrono::seconds(2));
  CHECK(l.armed == 1);
  l.schedule.lease_job(l.index);
  l.leases.wait_after_failure(l.index);
  REQUIRE(l.job_now().stage == JobStage::waiting);
  CHECK(Instant(l.job_now().next_try) > instant_now() + std::chrono::minutes(4));
}

TEST_CASE("leases: a job for which nothing was tried is held or goes if the operator has asked for it") {
  using End = std::function<void(Leases&, JobIndex)>;
  const std::vector<End> ends = {[](Leases& leases, JobIndex job) { leases.requeue(job); },
                                 [](Leases& leases, JobIndex job) { leases.wait_for_room(job); },
                                 [](Leases& leases, JobIndex job) { leases.wait_after_failure(job); }};
  for (const End& end : ends) {
    Leased held;
    held.schedule.job(held.index).hold_wanted = true;
    end(held.leases, held.index);
    CHECK(held.job_now().stage == JobStage::held);
    Leased removed;
    removed.schedule.job(removed.index).withdrawn = true;
    end(removed.leases, removed.index);
    CHECK(removed.schedule.job_count() == 0);
  }
}

TEST_CASE("conclusions: of mail that expires one owner has half of the places, and they come back") {
  Leased l;
  NoSites ownership;
  mta::delivery::DeliveryRoom room(l.schedule, l.spool, l.loads);
  mta::delivery::JobLoader loader({l.io, l.schedule, l.destinations, l.config, l.spool, l.events, nullptr, l.loads, ownership},
                                  {[&](JobIndex job) { l.leases.wait_after_failure(job); }, nullptr});
  mta::delivery::Conclusions conclusions({l.io, l.schedule, l.destinations, l.sites, l.config, l.spool, room, loader, l.leases, nullptr});
  const proto::QueueId id{1};
  auto place = conclusions.place_for(id);
  REQUIRE(place);
  std::size_t places = 1;
  while (conclusions.place_for(id)) ++places;
  CHECK(places == 500);
  l.spool.loaded = Error::transient("the disk has failed");
  conclusions.conclude({l.index, proto::Outcome::deferred, {a_failure()}, place});
  l.io.restart();
  l.io.poll();
  CHECK(l.job_now().stage == JobStage::waiting);
  CHECK(conclusions.place_for(id));
  CHECK_FALSE(conclusions.place_for(id));
}
