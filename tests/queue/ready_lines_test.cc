// The order in which ready jobs are leased, at a destination and at a site.
#include "queue/ready_lines.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "queue/schedule.h"

using namespace mxpress;
using namespace mxpress::queue;
using proto::ShareOwner;

namespace {

constexpr SiteIndex kSite = 0;
const Instant kStart{std::chrono::minutes(1000)};

// A schedule, and the owners of its messages.
struct Mail {
  std::map<std::uint64_t, std::int64_t> uids;  // of messages
  std::uint64_t next_id = 1;
  Schedule schedule{[this](proto::QueueId message) { return ShareOwner::user(uids.at(message.value)); }};

  JobIndex add(std::int64_t uid, const std::string& destination, JobStage stage = JobStage::ready) {
    Job job;
    job.message = proto::QueueId{next_id};
    job.destination = schedule.destination(destination);
    job.stage = stage;
    job.next_try = job.accepted = kStart;
    uids[next_id++] = uid;
    return schedule.add(job, ShareOwner::user(uid));
  }
  void add(int count, std::int64_t uid, const std::string& destination) {
    for (int i = 0; i < count; ++i) add(uid, destination);
  }
  DestinationIndex at(const std::string& destination) { return schedule.destination(destination); }
  std::int64_t uid(JobIndex job) const { return uids.at(schedule.job(job).message.value); }
  std::uint64_t id(JobIndex job) const { return schedule.job(job).message.value; }
  // The owners of the site's next leased jobs.
  std::vector<std::int64_t> lease_at_site(std::size_t count) {
    std::vector<std::int64_t> leased;
    while (leased.size() < count) {
      const auto job = schedule.lease_at(kSite);
      if (!job) break;
      leased.push_back(uid(*job));
    }
    return leased;
  }
};

}  // namespace

TEST_CASE("ready lines: behind 4,000 messages of one user another one's is the second that is leased") {
  Mail mail;
  mail.add(4000, 1001, "a.example");
  mail.schedule.open(mail.at("a.example"), kSite);
  mail.add(1002, "a.example");
  SECTION("at the destination") {
    mail.schedule.lease(mail.at("a.example"));
    CHECK(mail.uid(*mail.schedule.lease(mail.at("a.example"))) == 1002);
  }
  SECTION("at the site") { CHECK(mail.lease_at_site(3) == std::vector<std::int64_t>{1001, 1002, 1001}); }
  SECTION("at a site that opens when both wait") {
    mail.schedule.close(mail.at("a.example"));
    mail.schedule.open(mail.at("a.example"), kSite);
    const auto leased = mail.lease_at_site(2);
    CHECK(std::count(leased.begin(), leased.end(), 1002) == 1);
  }
}

TEST_CASE("ready lines: behind messages of one user to 4,000 domains of a site another one's is the second that is leased") {
  Mail mail;
  for (int i = 0; i < 4000; ++i) {
    const std::string name = "d" + std::to_string(i) + ".example";
    mail.add(1001, name);
    mail.schedule.open(mail.at(name), kSite);
  }
  mail.add(1002, "other.example");
  mail.schedule.open(mail.at("other.example"), kSite);
  CHECK(mail.lease_at_site(3) == std::vector<std::int64_t>{1001, 1002, 1001});
  CHECK(mail.lease_at_site(5000).size() == 3998);
  CHECK(mail.schedule.ready().empty_at(kSite));
}

TEST_CASE("ready lines: three users take turns, and of each the messages leave in order") {
  Mail mail;
  mail.schedule.open(mail.at("a.example"), kSite);
  mail.add(100, 1001, "a.example");
  mail.add(100, 1002, "a.example");
  mail.add(100, 1003, "a.example");
  std::map<std::int64_t, std::vector<std::uint64_t>> left;
  for (int round = 0; round < 100; ++round) {
    std::set<std::int64_t> served;
    for (int i = 0; i < 3; ++i) {
      const auto job = mail.schedule.lease_at(kSite);
      REQUIRE(job);
      served.insert(mail.uid(*job));
      left[mail.uid(*job)].push_back(mail.id(*job));
    }
    REQUIRE(served.size() == 3);
  }
  for (const auto& [uid, ids] : left) CHECK(std::is_sorted(ids.begin(), ids.end()));
}

TEST_CASE("ready lines: a user with many messages has every second turn while another one's keep coming") {
  Mail mail;
  mail.schedule.open(mail.at("a.example"), kSite);
  mail.add(100, 1001, "a.example");
  int of_first = 0;
  for (int i = 0; i < 100; ++i) {
    mail.add(1002, "a.example");
    const auto leased = mail.lease_at_site(1);
    of_first += leased.front() == 1001;
  }
  CHECK(of_first >= 49);
  CHECK(of_first <= 51);
}

TEST_CASE("ready lines: the destinations of one user at a site take turns") {
  Mail mail;
  for (const char* name : {"a.example", "b.example", "c.example"}) mail.schedule.open(mail.at(name), kSite);
  mail.add(10, 1001, "a.example");
  mail.add(1001, "b.example");
  mail.add(1001, "c.example");
  std::vector<std::string> names;
  for (int i = 0; i < 5; ++i) names.emplace_back(mail.schedule.name(mail.schedule.job(*mail.schedule.lease_at(kSite)).destination));
  CHECK(names == std::vector<std::string>{"a.example", "b.example", "c.example", "a.example", "a.example"});
}

TEST_CASE("ready lines: what becomes due later, comes back or is released stands in the line of its owner") {
  Mail mail;
  mail.schedule.open(mail.at("a.example"), kSite);
  mail.add(50, 1001, "a.example");
  SECTION("due later") {
    mail.add(1002, "a.example", JobStage::waiting);
    mail.schedule.advance(kStart);
  }
  SECTION("back from a delivery") {
    const JobIndex job = mail.add(1002, "a.example");
    mail.schedule.lease_job(job);
    mail.schedule.make_ready(job);
  }
  SECTION("released") { mail.schedule.make_ready(mail.add(1002, "a.example", JobStage::held)); }
  CHECK(mail.lease_at_site(2) == std::vector<std::int64_t>{1001, 1002});
}

TEST_CASE("ready lines: mail of a destination is leased at the site where it is open, and at no other") {
  Mail mail;
  mail.add(1001, "a.example");
  mail.add(1002, "a.example");
  CHECK_FALSE(mail.schedule.lease_at(kSite));
  mail.schedule.open(mail.at("a.example"), kSite + 1);
  CHECK_FALSE(mail.schedule.lease_at(kSite));
  mail.schedule.open(mail.at("a.example"), kSite);
  CHECK_FALSE(mail.schedule.lease_at(kSite + 1));
  CHECK(mail.lease_at_site(1).size() == 1);
  mail.schedule.close(mail.at("a.example"));
  CHECK_FALSE(mail.schedule.lease_at(kSite));
  CHECK(mail.schedule.has_ready(mail.at("a.example")));
}

TEST_CASE("ready lines: a destination that is forgotten leaves its site, and its successor is not open there") {
  Mail mail;
  mail.schedule.open(mail.at("a.example"), kSite);
  mail.schedule.remove(mail.add(1001, "a.example"));
  mail.schedule.forget(mail.at("a.example"));
  mail.add(1001, "b.example");
  CHECK_FALSE(mail.schedule.lease_at(kSite));
}

TEST_CASE("ready lines: of thousands of jobs at many destinations each is leased once, whatever opens, closes and leaves meanwhile") {
  Mail mail;
  std::set<std::uint64_t> expected;
  std::vector<JobIndex> jobs;
  for (int i = 0; i < 3000; ++i) {
    jobs.push_back(mail.add(1000 + i % 7, "d" + std::to_string(i % 40) + ".example"));
    if (i % 3 == 0) mail.schedule.open(mail.at("d" + std::to_string(i * 7 % 40) + ".example"), kSite + i % 2);
    if (i % 5 == 0) mail.schedule.close(mail.at("d" + std::to_string(i * 11 % 40) + ".example"));
    if (i % 11 == 0) mail.schedule.hold(jobs[static_cast<std::size_t>(i) / 2]);
  }
  for (const JobIndex job : jobs)
    if (mail.schedule.job(job).stage == JobStage::ready) expected.insert(mail.id(job));
  for (int i = 0; i < 40; ++i) mail.schedule.open(mail.at("d" + std::to_string(i) + ".example"), kSite);
  std::set<std::uint64_t> leased;
  while (const auto job = mail.schedule.lease_at(kSite)) REQUIRE(leased.insert(mail.id(*job)).second);
  CHECK(leased == expected);
  CHECK(mail.schedule.ready().empty_at(kSite));
  CHECK(mail.schedule.ready().empty_at(kSite + 1));
}
