// One delivery: the request to the transport, and the effect of its report on the job and the site.
#include "mta/delivery/job_runner.h"

#include <catch2/catch.hpp>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "mta/delivery/backoffs.h"
#include "mta/delivery/conclusion.h"
#include "mta/delivery/delivery_room.h"
#include "mta/delivery/flights.h"
#include "mta/delivery/job_loader.h"
#include "mta/delivery/leases.h"
#include "mta/delivery/loads.h"
#include "mta/delivery/notices.h"
#include "mta/delivery/site_limits.h"
#include "mta/delivery/turns.h"
#include "mta/delivery/wakes.h"
#include "mta/events/hub.h"
#include "mta/fairness/owner.h"
#include "mta/rates/hold.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "mta/transport/report.h"
#include "mta/transport/transport.h"
#include "mta/transport/transports.h"
#include "tests/mta/delivery/worker_tables.h"
#include "tests/support/fake_spool.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::JobRunner;
using mta::fairness::Owner;
using mta::system::instant_now;
using mta::transport::AttemptReport;
using mta::transport::Order;
using proto::Outcome;
using queue::JobStage;

namespace {

const Owner kAnn = Owner::user(1001);

// Returns for each recipient the result that the test wants.
struct SayingTransport final : mta::transport::Transport {
  Outcome outcome = Outcome::delivered;
  bool site_failed = false;
  std::optional<proto::Stage> after_mail{};
  bool is_busy = false;
  bool has_bug = false;
  std::optional<proto::HostResult> busy{};  // of busy_now()
  std::function<void(Order&)> during = [](Order&) {};
  int orders = 0;
  std::vector<std::uint32_t> recipients{};  // of the last order

  std::optional<proto::HostResult> busy_now(const Order&) override { return busy; }
  Task<AttemptReport> deliver(Order& order) override {
    ++orders;
    recipients = order.recipients;
    during(order);
    if (has_bug) throw std::logic_error("a bug");
    auto report = mta::transport::report_without_host(order.recipients, outcome, a_failure(), Clock::current().wall());
    report.site_failed = site_failed;
    report.after_mail = after_mail;
    report.failure = a_failure();
    report.is_busy = is_busy;
    co_return report;
  }
  std::size_t most_orders(const mta::Config&) const override { return 20; }
  bool keeps_site(std::uint32_t) const override { return false; }
  void stop() override {}
};

struct Running : WorkerTables {
  asio::io_context io;
  FakeSpool spool;
  SayingTransport smtp, mailbox;
  mta::transport::Transports transports{smtp, mailbox, mailbox, mailbox};
  std::mt19937_64 random{1};
  mta::events::Hub events;
  NoSites ownership;
  mta::delivery::Wakes wakes{destinations, sites};
  mta::delivery::Flights flights;
  mta::delivery::AgePolicy age{{schedule, destinations, sites, wakes}, nothing_expires(), instant_now()};
  mta::delivery::Backoffs backoffs{{schedule, destinations, sites, wakes, age, spool, events, random}};
  mta::delivery::Turns turns{{schedule, destinations, sites, wakes, transports, config}};
  mta::delivery::SiteLimits limits{0, {io, sites, wakes, schedule, nullptr, nullptr}, {}};
  mta::delivery::Loads loads{spool, nullptr};
  mta::delivery::DeliveryRoom room{schedule, spool, loads};
  mta::delivery::Notices notices{io, spool, config, events, nullptr, loads.under_way, [](auto, const auto&) {}, 1};
  mta::delivery::Leases leases{{io, schedule, destinations, age, spool, events, notices, loads, random}, {[] {}, [] {}}};
  mta::delivery::JobLoader loader{
      {io, schedule, destinations, config, spool, events, nullptr, loads, ownership},
      {[this](JobIndex job) { leases.wait_after_failure(job); }, [](JobIndex, DestinationIndex, mta::delivery::Share, AttemptReport) {}}};
  std::vector<SiteIndex> backed_off, ended;
  JobRunner runner{{io, transports, config, schedule, destinations, sites, flights, backoffs, turns, limits, room, loader, leases, nullptr},
                   {[this](SiteIndex site) { backed_off.push_back(site); }, [this](SiteIndex site) { ended.push_back(site); }}};
  JobIndex index = job(1, "there.example", instant_now());
  DestinationIndex there = schedule.destination("there.example");
  SiteIndex host = site("mx.there.example");

  Running() {
    sites.join(there, host);
    schedule.lease_job(index);
    queue::Message message;
    message.id = queue::QueueId{1};
    for (const char* recipient : {"a@there.example", "b@elsewhere.example", "c@there.example", "d@there.example"})
      message.envelope.recipients.push_back({*proto::Mailbox::parse(recipient), {}, {}});
    message.recipients.resize(4);
    message.recipients[3].stage = queue::RecipientStage::delivered;
    spool.loaded = message;
  }
  void deliver() {
    runner.start(index, there, host, kAnn, nullptr);
    run();
  }
  void run() {
    io.restart();
    io.poll();
  }
  void become_durable() {
    spool.say_settled(Status());
    run();
  }
  const queue::Job& job_now() const { return schedule.job(index); }
  std::optional<mta::delivery::Flight> flight() const { return flights.find(index, queue::QueueId{1}); }
};

}  // namespace

TEST_CASE("job runner: the order has the recipients that are pending at the destination, and no others") {
  Running r;
  r.deliver();
  CHECK(r.smtp.recipients == std::vector<std::uint32_t>{0, 2});
  CHECK(r.mailbox.orders == 0);
}

TEST_CASE("job runner: a delivery is in flight, has a place at its site, and knows its host until it ends") {
  Running r;
  r.smtp.during = [&](Order& order) {
    CHECK(r.sites[r.host].active == 1);
    order.trying({"mx.there.example", *dns::Address::parse("192.0.2.1"), 25, false, 10});
    REQUIRE(r.flight());
    CHECK(r.flight()->host == "mx.there.example");
  };
  r.deliver();
  CHECK(r.smtp.orders == 1);
  CHECK(r.sites[r.host].active == 0);
  CHECK_FALSE(r.flight());
  CHECK(r.ended == std::vector{r.host});
}

TEST_CASE("job runner: what the operator withdraws or holds during the attempt is not wanted any more") {
  Running r;
  r.smtp.during = [&](Order& order) {
    CHECK(order.wanted());
    r.schedule.job(r.index).hold_wanted = true;
    CHECK_FALSE(order.wanted());
    r.schedule.job(r.index).hold_wanted = false;
    r.schedule.job(r.index).withdrawn = true;
    CHECK_FALSE(order.wanted());
  };
  r.deliver();
  CHECK(r.smtp.orders == 1);
}

TEST_CASE("job runner: what is handed over counts until the attempt ends") {
  Running r;
  r.smtp.during = [&](Order& order) {
    CHECK(r.runner.handing_over() == 0);
    CHECK(order.hand_over());
    CHECK(order.hand_over());
    CHECK(r.runner.handing_over() == 1);
  };
  r.deliver();
  CHECK(r.smtp.orders == 1);
  CHECK(r.runner.handing_over() == 0);
}

TEST_CASE("job runner: after a stop nothing is handed over, and an attempt that has handed nothing over leaves no trace") {
  Running r;
  r.smtp.outcome = Outcome::deferred;
  r.smtp.during = [&](Order& order) {
    r.runner.stop();
    CHECK_FALSE(order.wanted());
    CHECK_FALSE(order.hand_over());
  };
  r.deliver();
  CHECK(r.smtp.orders == 1);
  CHECK_FALSE(r.spool.say_settled);
}

TEST_CASE("job runner: the outcome of what was handed over before a stop is recorded") {
  Running r;
  r.smtp.during = [&](Order& order) {
    CHECK(order.hand_over());
    r.runner.stop();
    CHECK(r.runner.handing_over() == 1);
  };
  r.deliver();
  CHECK(r.runner.handing_over() == 0);
  CHECK(r.spool.say_settled);
}

TEST_CASE("job runner: an answer opens the window of the site, and the job goes once its outcome is durable") {
  Running r;
  const std::uint32_t window = r.sites[r.host].window;
  r.deliver();
  CHECK(r.sites[r.host].window == window + 1);
  CHECK(r.job_now().stage == JobStage::leased);
  r.become_durable();
  CHECK(r.schedule.job_count() == 0);
}

TEST_CASE("job runner: a failure before MAIL makes the site back off, and its mail waits for the site") {
  Running r;
  r.smtp.outcome = Outcome::deferred;
  r.smtp.site_failed = true;
  r.deliver();
  CHECK(r.sites[r.host].backoff.active());
  CHECK(r.backed_off == std::vector{r.host});
  r.become_durable();
  CHECK(r.job_now().stage == JobStage::ready);
}

TEST_CASE("job runner: the first failure after MAIL is the message's: the site goes on, and the message waits by itself") {
  Running r;
  r.smtp.outcome = Outcome::deferred;
  r.smtp.site_failed = true;
  r.smtp.after_mail = proto::Stage::content;
  r.deliver();
  CHECK_FALSE(r.sites[r.host].backoff.active());
  CHECK(r.backed_off.empty());
  REQUIRE(r.destinations[r.there].last.get());
  CHECK(r.destinations[r.there].last.get()->text == a_failure().text);
  r.become_durable();
  CHECK(r.job_now().stage == JobStage::waiting);
}

TEST_CASE(
    "job runner: hosts that take no more connections end the attempt without an outcome, and the next one asks them before it reads") {
  Running r;
  r.smtp.is_busy = true;
  r.deliver();
  CHECK(r.smtp.orders == 1);
  CHECK_FALSE(r.spool.say_settled);
  CHECK(r.job_now().stage == JobStage::ready);
  CHECK_FALSE(r.sites[r.host].backoff.active());
  r.smtp.busy = a_failure("no more connections");
  r.spool.loaded = Error::permanent("must not be read");
  r.schedule.lease_job(r.index);
  r.deliver();
  CHECK(r.smtp.orders == 1);
  CHECK(r.job_now().stage == JobStage::ready);
  CHECK(r.destinations[r.there].last.get()->text == "no more connections");
}

TEST_CASE("job runner: a message that cannot be read now gives the transport no order, and its place to others") {
  Running r;
  r.spool.loaded = Error::transient("no descriptors");
  r.deliver();
  CHECK(r.smtp.orders == 0);
  CHECK(r.job_now().stage == JobStage::waiting);
  CHECK(r.sites[r.host].active == 0);
  CHECK(r.ended == std::vector{r.host});
}

TEST_CASE("job runner: a job whose destination has moved to another site meanwhile is ready again") {
  Running r;
  const SiteIndex other = r.site("mx.other.example");
  r.runner.start(r.index, r.there, r.host, kAnn, nullptr);
  r.sites.join(r.there, other);
  r.run();
  CHECK(r.smtp.orders == 0);
  CHECK(r.job_now().stage == JobStage::ready);
}

TEST_CASE("job runner: a list that there is no memory for waits a moment") {
  Running r;
  queue::Message message = *r.spool.loaded;
  message.envelope.recipients.assign(mta::transport::kManyRecipients + 1, message.envelope.recipients[0]);
  message.recipients.assign(mta::transport::kManyRecipients + 1, {});
  r.spool.loaded = message;
  auto all = r.loads.long_deliveries.try_acquire(mta::delivery::Loads::kLongDeliveries, Owner::user(1));
  REQUIRE(all);
  r.deliver();
  CHECK(r.smtp.orders == 0);
  REQUIRE(r.job_now().stage == JobStage::waiting);
  CHECK(Instant(r.job_now().next_try) <= instant_now() + std::chrono::seconds(2));
  all->release();
  r.schedule.lease_job(r.index);
  r.deliver();
  CHECK(r.smtp.orders == 1);
  CHECK(r.loads.long_deliveries.counters().held == 0);
}

TEST_CASE("job runner: a bug costs the attempt, not the job, and is logged") {
  Running r;
  r.smtp.has_bug = true;
  std::vector<std::string> lines;
  mta::capture_log([](const mta::LogLine& line, void* all) { static_cast<std::vector<std::string>*>(all)->push_back(line.text()); },
                   &lines);
  r.deliver();
  mta::capture_log(nullptr, nullptr);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("a bug") != std::string::npos);
  CHECK(r.job_now().stage == JobStage::waiting);
  CHECK(r.sites[r.host].active == 0);
  CHECK(r.ended == std::vector{r.host});
}
