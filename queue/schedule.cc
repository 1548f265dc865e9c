// What is due when: a slab of jobs, two heaps of moments, and a line of ready jobs per destination.
#include "queue/schedule.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>

namespace mxpress::queue {
namespace {

constexpr Instant kNoAgeEvent = Instant::min();  // taken, or not set yet: overdue for forgotten()

}  // namespace

DestinationIndex Schedule::destination(std::string_view name) {
  auto [found, is_new] = by_name_.try_emplace(std::string(name), destination_count());
  if (is_new) destinations_.push_back({std::string(name), {}});
  return found->second;
}

JobIndex Schedule::add(Job job) {
  JobIndex index;
  if (free_.empty()) {
    index = static_cast<JobIndex>(jobs_.size());
    jobs_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  auto [first, is_new] = by_message_.try_emplace(job.message.value, index);
  job.next_of_message = is_new ? kNone : first->second;
  first->second = index;
  const Instant next_try = job.next_try;
  const Instant next_age = job.next_age;
  const bool held = job.stage == JobStage::held;
  job.next_age = kNoAgeEvent;
  jobs_[index] = job;
  ++job_count_;
  if (held) {
    hold(index);
  } else {
    wait_until(index, next_try);
  }
  set_age_event(index, next_age);
  return index;
}

std::vector<JobIndex> Schedule::jobs_of(proto::QueueId message) const {
  std::vector<JobIndex> result;
  const auto found = by_message_.find(message.value);
  if (found == by_message_.end()) return result;
  for (JobIndex index = found->second; index != kNone; index = jobs_[index].next_of_message) result.push_back(index);
  return result;
}

void Schedule::for_each(const std::function<void(JobIndex, const Job&)>& visit) const {
  for (JobIndex index = 0; index < jobs_.size(); ++index)
    if (jobs_[index].stage != JobStage::free) visit(index, jobs_[index]);
}

// An event counts only while it still says what its job waits for; others are left behind by changes and skipped.
bool Schedule::is_due_event(const Event& event) const {
  const Job& job = jobs_[event.job];
  return job.stage == JobStage::waiting && job.next_try == event.when;
}

bool Schedule::is_age_event(const Event& event) const {
  const Job& job = jobs_[event.job];
  return job.stage != JobStage::free && job.next_age == event.when;
}

std::vector<JobIndex> Schedule::advance(Instant now) {
  for (; !due_.empty() && due_.top().when <= now; due_.pop())
    if (is_due_event(due_.top())) make_ready(due_.top().job);
  std::vector<JobIndex> aged;
  for (; !ages_.empty() && ages_.top().when <= now; ages_.pop()) {
    const Event& event = ages_.top();
    if (!is_age_event(event)) continue;
    jobs_[event.job].next_age = kNoAgeEvent;
    if (jobs_[event.job].stage != JobStage::leased) aged.push_back(event.job);
  }
  return aged;
}

std::optional<Instant> Schedule::next_event() {
  while (!due_.empty() && !is_due_event(due_.top())) due_.pop();
  while (!ages_.empty() && !is_age_event(ages_.top())) ages_.pop();
  if (due_.empty() && ages_.empty()) return std::nullopt;
  if (due_.empty()) return ages_.top().when;
  if (ages_.empty()) return due_.top().when;
  return std::min(due_.top().when, ages_.top().when);
}

bool Schedule::is_ready_entry(DestinationIndex destination, JobIndex job) const {
  return jobs_[job].stage == JobStage::ready && jobs_[job].destination == destination;
}

void Schedule::drop_stale_front(Destination& destination, DestinationIndex index) {
  while (!destination.ready.empty() && !is_ready_entry(index, destination.ready.front())) destination.ready.pop_front();
}

bool Schedule::has_ready(DestinationIndex index) {
  Destination& destination = destinations_[index];
  drop_stale_front(destination, index);
  return !destination.ready.empty();
}

std::optional<JobIndex> Schedule::lease(DestinationIndex index) {
  if (!has_ready(index)) return std::nullopt;
  const JobIndex job = destinations_[index].ready.front();
  destinations_[index].ready.pop_front();
  jobs_[job].stage = JobStage::leased;
  return job;
}

JobIndex Schedule::newest_ready(DestinationIndex index) const {
  const auto& ready = destinations_[index].ready;
  return !ready.empty() && is_ready_entry(index, ready.back()) ? ready.back() : kNone;
}

std::vector<JobIndex> Schedule::ready_jobs(DestinationIndex index) const {
  std::vector<JobIndex> result;
  boost::unordered_flat_set<JobIndex> seen;  // a job that was leased out of turn and came back stands in the line twice
  for (JobIndex job : destinations_[index].ready)
    if (is_ready_entry(index, job) && seen.insert(job).second) result.push_back(job);
  return result;
}

void Schedule::wait_until(JobIndex index, Instant next_try) {
  jobs_[index].stage = JobStage::waiting;
  jobs_[index].next_try = next_try;
  due_.push({next_try, index});
}

void Schedule::make_ready(JobIndex index) {
  if (jobs_[index].stage == JobStage::ready) return;
  jobs_[index].stage = JobStage::ready;
  destinations_[jobs_[index].destination].ready.push_back(index);
  woken_.push_back(jobs_[index].destination);
}

void Schedule::make_ready_first(JobIndex index) {
  if (jobs_[index].stage == JobStage::ready) return;
  jobs_[index].stage = JobStage::ready;
  destinations_[jobs_[index].destination].ready.push_front(index);
  woken_.push_back(jobs_[index].destination);
}

void Schedule::hold(JobIndex index) { jobs_[index].stage = JobStage::held; }

void Schedule::set_age_event(JobIndex index, Instant when) {
  if (jobs_[index].next_age == when) return;  // it is in the heap: one job never has two events of one moment
  jobs_[index].next_age = when;
  ages_.push({when, index});
}

void Schedule::remove(JobIndex index) {
  Job& job = jobs_[index];
  const auto found = by_message_.find(job.message.value);
  if (found->second == index) {
    if (job.next_of_message == kNone) {
      by_message_.erase(found);
    } else {
      found->second = job.next_of_message;
    }
  } else {
    JobIndex before = found->second;
    while (jobs_[before].next_of_message != index) before = jobs_[before].next_of_message;
    jobs_[before].next_of_message = job.next_of_message;
  }
  job = Job{};
  free_.push_back(index);
  --job_count_;
}

std::vector<JobIndex> Schedule::forgotten(Instant now) const {
  std::vector<JobIndex> result;
  for_each([&](JobIndex index, const Job& job) {
    const bool overdue = job.stage == JobStage::waiting && job.next_try + std::chrono::minutes(1) < now;
    const bool ageless = job.stage != JobStage::leased && job.next_age + std::chrono::minutes(1) < now;
    if (overdue || ageless) result.push_back(index);
  });
  return result;
}

}  // namespace mxpress::queue
