// The schedule: the jobs of one worker by destination, and when each is due. Pure data: no clock, disk or network; time is an argument.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/queue_id.h"
#include "queue/job.h"
#include "queue/message_jobs.h"
#include "queue/name_table.h"
#include "queue/ready_lines.h"
#include "queue/slab.h"

namespace mxpress::queue {

// Thread: one. All times are of the caller's clock and never go back.
class Schedule {
 public:
  // Gives the owner whose shares a message uses.
  using OwnerOf = std::function<proto::ShareOwner(proto::QueueId)>;
  explicit Schedule(OwnerOf owner_of) : owner_of_(std::move(owner_of)) {}

  // The same name gives the same index until it is forgotten.
  DestinationIndex destination(std::string_view name);
  std::string_view name(DestinationIndex destination) const { return names_.name(destination); }
  // One more than the largest index so far, and the number of destinations.
  DestinationIndex destination_count() const { return names_.size(); }
  DestinationIndex known_destinations() const { return names_.count(); }
  // Jobs of any stage.
  bool has_jobs(DestinationIndex destination) const { return jobs_at_[destination] > 0; }
  // Forgets a destination without jobs; another name may get its index.
  void forget(DestinationIndex destination);

  // Adds a job: ready or held if its stage says so, else waiting until `next_try`. `owner`: of its message.
  JobIndex add(Job job, const proto::ShareOwner& owner);
  const Job& job(JobIndex index) const { return jobs_[index]; }
  Job& job(JobIndex index) { return jobs_[index]; }
  // The jobs of one message in this schedule, in no order.
  std::vector<JobIndex> jobs_of(proto::QueueId message) const { return of_message_.of(message); }
  // The job of a message at a destination.
  std::optional<JobIndex> find(proto::QueueId message, DestinationIndex destination) const {
    return of_message_.find(message, destination);
  }
  // True if the message has at least this many jobs.
  bool has_jobs_of(proto::QueueId message, std::size_t count) const { return of_message_.has(message, count); }
  void for_each(const std::function<void(JobIndex, const Job&)>& visit) const;
  std::uint64_t job_count() const { return job_count_; }

  // Makes ready the jobs due at `now`, and returns jobs whose age has to be checked (not leased ones).
  std::vector<JobIndex> advance(Instant now);
  // The time of advance()'s next work.
  std::optional<Instant> next_event() const;

  // Destinations that got a ready job since the last call.
  std::vector<DestinationIndex> take_woken() { return std::exchange(woken_, {}); }
  bool has_ready(DestinationIndex destination) const { return !ready_.empty(destination); }
  // Leases a ready job: owners of mail take turns, and of one owner the job that became ready first is next.
  std::optional<JobIndex> lease(DestinationIndex destination);
  // The same for all destinations that are open at the site; the destinations of one owner take turns.
  std::optional<JobIndex> lease_at(SiteIndex site);
  // The job of ready().next_at() cannot be leased now: the next owner has his turn.
  void skip_owner_at(SiteIndex site) { ready_.skip_owner_at(site); }
  // Mail for the destination goes by this site from now on, or by none.
  void open(DestinationIndex destination, SiteIndex site) { ready_.open(destination, site); }
  void close(DestinationIndex destination) { ready_.close(destination); }
  const ReadyLines& ready() const { return ready_; }
  // The ready jobs of a destination, the oldest of each owner first; they stay ready.
  std::vector<JobIndex> ready_jobs(DestinationIndex destination) const;

  // Each moves the job from any stage to another; `ready` puts it behind the others of its owner at its destination.
  void wait_until(JobIndex job, Instant next_try);
  void make_ready(JobIndex job);
  void lease_job(JobIndex job) { enter(job, JobStage::leased); }
  void hold(JobIndex job) { enter(job, JobStage::held); }
  void set_age_event(JobIndex job, Instant when);
  void remove(JobIndex job);

  // Jobs without an event that would wake them. Always empty unless there is a bug; the watchdog checks it.
  std::vector<JobIndex> forgotten(Instant now) const;

 private:
  JobIndex free_place();
  void enter(JobIndex job, JobStage stage);
  void make_ready(JobIndex job, const proto::ShareOwner& owner);
  // The heap of next events, the earliest first.
  static Instant event_of(const Job& job);
  void update_event(JobIndex job);
  bool is_earlier(JobIndex a, JobIndex b) const { return event_of(jobs_[a]) < event_of(jobs_[b]); }
  void put(JobIndex job, std::size_t place);
  void rise(std::size_t place);
  void sink(std::size_t place);

  Slab<Job> jobs_;
  std::vector<JobIndex> free_;
  std::uint64_t job_count_ = 0;
  NameTable names_;                     // of the destinations
  std::vector<std::uint32_t> jobs_at_;  // number of jobs, by destination
  OwnerOf owner_of_;
  ReadyLines ready_{jobs_};
  std::vector<DestinationIndex> woken_;
  MessageJobs of_message_{jobs_};
  Slab<JobIndex, 1024> heap_;
};

}  // namespace mxpress::queue
