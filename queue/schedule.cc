// The schedule: a slab of jobs, a heap of their next events, and lines of ready jobs.
#include "queue/schedule.h"

#include <algorithm>

namespace mxpress::queue {
namespace {

constexpr Instant kNever = Instant::max();

}  // namespace

DestinationIndex Schedule::destination(std::string_view name) {
  const DestinationIndex index = names_.number(name);
  jobs_at_.resize(names_.size());
  return index;
}

void Schedule::forget(DestinationIndex destination) {
  names_.forget(destination);
  jobs_at_[destination] = 0;
  ready_.close(destination);
}

JobIndex Schedule::free_place() {
  if (free_.empty()) {
    jobs_.push_back({});
    return static_cast<JobIndex>(jobs_.size() - 1);
  }
  const JobIndex index = free_.back();
  free_.pop_back();
  return index;
}

JobIndex Schedule::add(Job job, const proto::ShareOwner& owner) {
  const JobIndex index = free_place();
  const JobStage stage = job.stage;
  job.stage = JobStage::free;
  jobs_[index] = job;
  ++job_count_;
  ++jobs_at_[job.destination];
  of_message_.add(index, job_count_);
  if (stage == JobStage::ready)
    make_ready(index, owner);
  else if (stage == JobStage::held)
    hold(index);
  else
    wait_until(index, job.next_try);
  return index;
}

void Schedule::for_each(const std::function<void(JobIndex, const Job&)>& visit) const {
  for (JobIndex index = 0; index < jobs_.size(); ++index)
    if (jobs_[index].stage != JobStage::free) visit(index, jobs_[index]);
}

std::vector<JobIndex> Schedule::advance(Instant now) {
  std::vector<JobIndex> aged;
  while (!heap_.empty() && event_of(jobs_[heap_.front()]) <= now) {
    const JobIndex index = heap_.front();
    Job& job = jobs_[index];
    if (job.stage == JobStage::waiting && job.next_try <= now) {
      make_ready(index);
      continue;
    }
    aged.push_back(index);
    job.next_age = {};
    update_event(index);
  }
  return aged;
}

std::optional<Instant> Schedule::next_event() const {
  if (heap_.empty()) return std::nullopt;
  return event_of(jobs_[heap_.front()]);
}

std::optional<JobIndex> Schedule::lease(DestinationIndex index) {
  const JobIndex job = ready_.next(index);
  if (job == kNone) return std::nullopt;
  ready_.pass_turn(index);
  lease_job(job);
  return job;
}

std::optional<JobIndex> Schedule::lease_at(SiteIndex site) {
  const JobIndex job = ready_.next_at(site);
  if (job == kNone) return std::nullopt;
  ready_.pass_turn_at(site);
  lease_job(job);
  return job;
}

std::vector<JobIndex> Schedule::ready_jobs(DestinationIndex index) const {
  std::vector<JobIndex> result;
  ready_.any_line(index, kNone, [&](LineIndex line) {
    for (JobIndex job = ready_.oldest(line); job != kNone; job = ready_.after(job)) result.push_back(job);
    return false;
  });
  return result;
}

void Schedule::enter(JobIndex index, JobStage stage) {
  if (jobs_[index].stage == JobStage::ready) ready_.erase(index);
  jobs_[index].stage = stage;
  update_event(index);
}

void Schedule::wait_until(JobIndex index, Instant next_try) {
  if (jobs_[index].stage == JobStage::ready) ready_.erase(index);
  jobs_[index].next_try = next_try;
  jobs_[index].stage = JobStage::waiting;
  update_event(index);
}

void Schedule::make_ready(JobIndex index) {
  if (jobs_[index].stage != JobStage::ready) make_ready(index, owner_of_(jobs_[index].message));
}

void Schedule::make_ready(JobIndex index, const proto::ShareOwner& owner) {
  enter(index, JobStage::ready);
  ready_.push_back(index, jobs_[index].destination, owner);
  woken_.push_back(jobs_[index].destination);
}

void Schedule::set_age_event(JobIndex index, Instant when) {
  jobs_[index].next_age = when;
  update_event(index);
}

void Schedule::remove(JobIndex index) {
  enter(index, JobStage::free);
  of_message_.remove(index);
  --jobs_at_[jobs_[index].destination];
  jobs_[index] = Job{};
  free_.push_back(index);
  --job_count_;
}

// The time of the job's next check: because it is due, or because of its age. A leased job has none.
Instant Schedule::event_of(const Job& job) {
  if (job.stage == JobStage::free || job.stage == JobStage::leased) return kNever;
  const Instant age = job.next_age;
  return job.stage == JobStage::waiting ? std::min(job.next_try, age) : age;
}

void Schedule::update_event(JobIndex index) {
  const std::size_t place = jobs_[index].place_in_heap;
  if (event_of(jobs_[index]) != kNever) {
    if (place == kNone) heap_.push_back(index);
    put(index, place == kNone ? heap_.size() - 1 : place);
    rise(jobs_[index].place_in_heap);
    sink(jobs_[index].place_in_heap);
  } else if (place != kNone) {
    const JobIndex last = heap_.back();
    heap_.pop_back();
    jobs_[index].place_in_heap = kNone;
    if (last == index) return;
    put(last, place);
    rise(place);
    sink(jobs_[last].place_in_heap);
  }
}

void Schedule::put(JobIndex job, std::size_t place) {
  heap_[place] = job;
  jobs_[job].place_in_heap = static_cast<std::uint32_t>(place);
}

void Schedule::rise(std::size_t place) {
  const JobIndex job = heap_[place];
  for (; place > 0 && is_earlier(job, heap_[(place - 1) / 2]); place = (place - 1) / 2) put(heap_[(place - 1) / 2], place);
  put(job, place);
}

void Schedule::sink(std::size_t place) {
  const JobIndex job = heap_[place];
  for (std::size_t below = 2 * place + 1; below < heap_.size(); place = below, below = 2 * place + 1) {
    if (below + 1 < heap_.size() && is_earlier(heap_[below + 1], heap_[below])) ++below;
    if (!is_earlier(heap_[below], job)) break;
    put(heap_[below], place);
  }
  put(job, place);
}

std::vector<JobIndex> Schedule::forgotten(Instant now) const {
  std::vector<JobIndex> result;
  for_each([&](JobIndex index, const Job& job) {
    if (job.stage == JobStage::leased) return;
    const Instant next = event_of(job);
    const Instant age = job.next_age;
    if (age == kNever || next + std::chrono::minutes(1) < now) result.push_back(index);
  });
  return result;
}

}  // namespace mxpress::queue
