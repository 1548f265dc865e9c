// The schedule: due, leased, held, aged and forgotten jobs.
#include "queue/schedule.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

using namespace mxpress;
using namespace mxpress::queue;
using std::chrono::minutes;

namespace {

const Instant kStart{minutes(1000)};

Job job_for(Schedule& schedule, std::uint64_t id, const char* destination, Instant next_try) {
  Job job;
  job.message = proto::QueueId{id};
  job.destination = schedule.destination(destination);
  job.next_try = next_try;
  job.accepted = kStart;
  job.next_age = kStart + minutes(240);
  return job;
}

proto::ShareOwner nobody(proto::QueueId) { return {}; }

JobIndex add(Schedule& schedule, const Job& job) { return schedule.add(job, nobody(job.message)); }

}  // namespace

TEST_CASE("schedule: a job is leased only when its time has come, and only once") {
  Schedule schedule(nobody);
  const JobIndex index = add(schedule, job_for(schedule, 1, "a.example", kStart + minutes(5)));
  const DestinationIndex destination = schedule.destination("a.example");
  schedule.advance(kStart + minutes(4));
  CHECK_FALSE(schedule.lease(destination));
  CHECK(schedule.next_event() == kStart + minutes(5));
  schedule.advance(kStart + minutes(5));
  CHECK(schedule.take_woken() == std::vector<DestinationIndex>{destination});
  CHECK(schedule.lease(destination) == index);
  CHECK_FALSE(schedule.lease(destination));
}

TEST_CASE("schedule: jobs of one destination leave in the order in which they became due") {
  Schedule schedule(nobody);
  const JobIndex late = add(schedule, job_for(schedule, 1, "a.example", kStart + minutes(2)));
  const JobIndex early = add(schedule, job_for(schedule, 2, "a.example", kStart + minutes(1)));
  schedule.advance(kStart + minutes(3));
  const DestinationIndex destination = schedule.destination("a.example");
  CHECK(schedule.lease(destination) == early);
  CHECK(schedule.lease(destination) == late);
}

TEST_CASE("schedule: a held job is neither due nor lost, and a released one is due") {
  Schedule schedule(nobody);
  const JobIndex index = add(schedule, job_for(schedule, 1, "a.example", kStart));
  schedule.hold(index);
  schedule.advance(kStart + minutes(1));
  CHECK_FALSE(schedule.has_ready(schedule.destination("a.example")));
  CHECK(schedule.jobs_of(proto::QueueId{1}) == std::vector<JobIndex>{index});
  schedule.make_ready(index);
  CHECK(schedule.lease(schedule.destination("a.example")) == index);
}

TEST_CASE("schedule: a job that was removed is not leased, and its place serves another destination") {
  Schedule schedule(nobody);
  const JobIndex first = add(schedule, job_for(schedule, 1, "a.example", kStart));
  schedule.advance(kStart);
  schedule.remove(first);
  const JobIndex second = add(schedule, job_for(schedule, 2, "b.example", kStart));
  schedule.advance(kStart);
  CHECK_FALSE(schedule.has_ready(schedule.destination("a.example")));
  CHECK(schedule.lease(schedule.destination("b.example")) == second);
  CHECK(schedule.job_count() == 1);
}

TEST_CASE("schedule: the jobs of a message are found, whichever of them is removed first") {
  for (std::size_t removed = 0; removed < 3; ++removed) {
    Schedule schedule(nobody);
    std::vector<JobIndex> jobs;
    for (const char* name : {"a.example", "b.example", "c.example"}) jobs.push_back(add(schedule, job_for(schedule, 7, name, kStart)));
    schedule.remove(jobs[removed]);
    const auto left = schedule.jobs_of(proto::QueueId{7});
    CHECK(left.size() == 2);
    CHECK(std::find(left.begin(), left.end(), jobs[removed]) == left.end());
  }
}

TEST_CASE("schedule: age asks for a look at the moment set last, but not while a job is leased") {
  Schedule schedule(nobody);
  const JobIndex index = add(schedule, job_for(schedule, 1, "a.example", kStart));
  schedule.set_age_event(index, kStart + minutes(30));
  CHECK(schedule.advance(kStart + minutes(29)).empty());
  CHECK(schedule.advance(kStart + minutes(30)) == std::vector<JobIndex>{index});
  schedule.set_age_event(index, kStart + minutes(40));
  schedule.lease(schedule.destination("a.example"));
  CHECK(schedule.advance(kStart + minutes(300)).empty());
}

TEST_CASE("schedule: a later wait replaces an earlier one") {
  Schedule schedule(nobody);
  const JobIndex index = add(schedule, job_for(schedule, 1, "a.example", kStart + minutes(1)));
  schedule.wait_until(index, kStart + minutes(10));
  schedule.advance(kStart + minutes(5));
  CHECK_FALSE(schedule.has_ready(schedule.destination("a.example")));
  CHECK(schedule.next_event() == kStart + minutes(10));
}

TEST_CASE("schedule: what comes back goes behind the others, whatever its age") {
  Schedule schedule(nobody);
  const JobIndex a = add(schedule, job_for(schedule, 1, "a.example", kStart));
  const JobIndex b = add(schedule, job_for(schedule, 2, "a.example", kStart));
  schedule.advance(kStart);
  const DestinationIndex destination = schedule.destination("a.example");
  const JobIndex leased = *schedule.lease(destination);
  schedule.make_ready(leased);
  CHECK(schedule.lease(destination) == (leased == a ? b : a));
  CHECK(schedule.lease(destination) == leased);
}

TEST_CASE("schedule: a job that was leased out of turn and came back is listed once") {
  Schedule schedule(nobody);
  const JobIndex index = add(schedule, job_for(schedule, 1, "a.example", kStart));
  schedule.advance(kStart);
  schedule.lease_job(index);
  schedule.make_ready(index);
  CHECK(schedule.ready_jobs(schedule.destination("a.example")) == std::vector<JobIndex>{index});
}

TEST_CASE("schedule: the watchdog finds a job that nothing would wake") {
  Schedule schedule(nobody);
  const JobIndex index = add(schedule, job_for(schedule, 1, "a.example", kStart + minutes(1)));
  CHECK(schedule.forgotten(kStart).empty());
  schedule.job(index).next_try = kStart - minutes(10);  // the effect of a bug: no event has this time
  CHECK(schedule.forgotten(kStart) == std::vector<JobIndex>{index});
}

TEST_CASE("schedule: a moment that is set for a job's age again and again comes once") {
  Schedule schedule(nobody);
  const JobIndex index = add(schedule, job_for(schedule, 1, "a.example", kStart));
  for (int i = 0; i < 3; ++i) schedule.set_age_event(index, kStart + minutes(300));
  schedule.set_age_event(index, kStart + minutes(400));
  schedule.set_age_event(index, kStart + minutes(300));
  CHECK(schedule.advance(kStart + minutes(300)) == std::vector<JobIndex>{index});
  CHECK(schedule.advance(kStart + minutes(500)).empty());
}

TEST_CASE("schedule: of thousands of jobs that change their minds, each is due at its moment and none is lost") {
  Schedule schedule(nobody);
  std::mt19937 random(1);
  const auto moment = [&random] { return kStart + minutes(1 + random() % 200); };
  std::vector<JobIndex> jobs;
  for (std::uint64_t id = 0; id < 3000; ++id)
    jobs.push_back(add(schedule, job_for(schedule, id, id % 2 ? "a.example" : "b.example", moment())));
  for (int i = 0; i < 10'000; ++i) {
    const JobIndex job = jobs[random() % jobs.size()];
    if (random() % 3 == 0) schedule.make_ready(job);
    if (random() % 3 == 0) schedule.hold(job);
    if (random() % 3 == 0) schedule.set_age_event(job, moment() + minutes(1000));
    schedule.wait_until(job, moment());
  }
  for (int minute = 1; minute <= 200; ++minute) {
    const Instant now = kStart + minutes(minute);
    CHECK(schedule.advance(now).empty());
    for (const JobIndex job : jobs) REQUIRE((schedule.job(job).stage == JobStage::ready || schedule.job(job).next_try > now));
  }
  CHECK(schedule.ready_jobs(schedule.destination("a.example")).size() == 1500);
  CHECK(schedule.ready_jobs(schedule.destination("b.example")).size() == 1500);
}

TEST_CASE("schedule: a ready job that is held leaves the line, and those around it stay in it") {
  Schedule schedule(nobody);
  std::vector<JobIndex> jobs;
  for (std::uint64_t id = 0; id < 3; ++id) jobs.push_back(add(schedule, job_for(schedule, id, "a.example", kStart)));
  const DestinationIndex destination = schedule.destination("a.example");
  for (const std::size_t held : {1u, 0u, 2u}) {
    schedule.advance(kStart);
    schedule.hold(jobs[held]);
    CHECK(schedule.ready_jobs(destination).size() == 2);
    schedule.wait_until(jobs[held], kStart);
  }
  schedule.advance(kStart);
  CHECK(schedule.ready_jobs(destination).size() == 3);
  CHECK(schedule.ready_jobs(destination).back() == jobs[2]);
}

TEST_CASE("schedule: the jobs of each message are found, however many messages come and go") {
  Schedule schedule(nobody);
  std::mt19937 random(1);
  std::map<std::uint64_t, std::set<JobIndex>> expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t id = (std::uint64_t{random() % 2} << 40) | (random() % 3000);
    auto& jobs = expected[id];
    if (jobs.empty() || random() % 3 != 0) {
      jobs.insert(add(schedule, job_for(schedule, id, "a.example", kStart + minutes(1))));
    } else {
      schedule.remove(*jobs.begin());
      jobs.erase(jobs.begin());
    }
  }
  for (const auto& [id, jobs] : expected) {
    const auto found = schedule.jobs_of(proto::QueueId{id});
    REQUIRE(found.size() == jobs.size());
    REQUIRE(std::set<JobIndex>(found.begin(), found.end()) == jobs);
  }
}

TEST_CASE("schedule: a job remembers to the millisecond when it was submitted, before boot, too") {
  for (const Duration since_boot :
       {Duration(0), Duration(1), Duration(-1), Duration(65'536), Duration(-5'000'000'000), Duration(1LL << 46)})
    CHECK(Instant(PackedInstant(Instant(since_boot))) == Instant(since_boot));
  CHECK(Instant(PackedInstant(Instant::max())) > Instant(std::chrono::years(4000)));
}

TEST_CASE("schedule: each of many jobs of one message is found by its destination until it is removed, beside other messages") {
  Schedule schedule(nobody);
  std::map<std::uint32_t, JobIndex> crowd;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "d" + std::to_string(i) + ".example";
    const JobIndex index = add(schedule, job_for(schedule, 1, name.c_str(), kStart));
    crowd[schedule.destination(name)] = index;
    add(schedule, job_for(schedule, 100 + static_cast<std::uint64_t>(i), name.c_str(), kStart));
  }
  CHECK(schedule.jobs_of(proto::QueueId{1}).size() == 100);
  CHECK(schedule.has_jobs_of(proto::QueueId{1}, 100));
  CHECK_FALSE(schedule.has_jobs_of(proto::QueueId{1}, 101));
  std::mt19937 random(1);
  while (!crowd.empty()) {
    const auto some = std::next(crowd.begin(), static_cast<std::ptrdiff_t>(random() % crowd.size()));
    CHECK(schedule.find(proto::QueueId{1}, some->first) == some->second);
    schedule.remove(some->second);
    CHECK_FALSE(schedule.find(proto::QueueId{1}, some->first));
    crowd.erase(some);
    CHECK(schedule.jobs_of(proto::QueueId{1}).size() == crowd.size());
  }
  CHECK(schedule.job_count() == 100);
  for (std::uint64_t id = 100; id < 200; ++id) CHECK(schedule.jobs_of(proto::QueueId{id}).size() == 1);
}

TEST_CASE("schedule: a destination has jobs until the last one is removed, in whatever stage it is; then its place may be another's") {
  Schedule schedule(nobody);
  const JobIndex waiting = add(schedule, job_for(schedule, 1, "a.example", kStart + minutes(5)));
  const JobIndex held = add(schedule, job_for(schedule, 2, "a.example", kStart));
  schedule.hold(held);
  const auto a = schedule.destination("a.example"), b = schedule.destination("b.example");
  CHECK(schedule.has_jobs(a));
  CHECK_FALSE(schedule.has_jobs(b));
  schedule.remove(waiting);
  CHECK(schedule.has_jobs(a));
  schedule.remove(held);
  REQUIRE_FALSE(schedule.has_jobs(a));
  schedule.forget(a);
  CHECK(schedule.known_destinations() == 1);
  CHECK(schedule.destination("c.example") == a);
  CHECK(schedule.destination("b.example") == b);
  CHECK_FALSE(schedule.has_ready(a));
}
