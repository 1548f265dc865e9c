// What is due when: the jobs of one worker by destination. Pure data: no clock, no disk, no network; time is an argument.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proto/queue_id.h"
#include "proto/time.h"
#include "queue/name_table.h"
#include "queue/slab.h"

namespace mxpress::queue {

// A moment on the clock that counts since boot: schedules do not follow steps of the wall clock.
struct SinceBoot {};
using Instant = std::chrono::time_point<SinceBoot, Duration>;

using JobIndex = std::uint32_t;
using DestinationIndex = std::uint32_t;
inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

enum class JobStage : std::uint8_t {
  free,
  waiting,  // until `next_try`
  ready,    // due; waits for its destination's site
  leased,   // a delivery is at it, or its outcome is being recorded
  held,     // by the operator
};

// A moment since boot in whole seconds, rounded up: half as many octets, for what need not be exact.
class Second {
 public:
  Second() = default;  // never
  Second(Instant when)
      : seconds_(static_cast<std::uint32_t>(
            std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(when.time_since_epoch()).count(), 1, kNone))) {}
  operator Instant() const { return seconds_ == 0 ? Instant::max() : Instant(std::chrono::seconds(seconds_)); }

 private:
  std::uint32_t seconds_ = 0;
};

// A moment since boot, or before it, to the millisecond in six octets: up to four thousand years away.
class PackedInstant {
 public:
  PackedInstant() = default;
  PackedInstant(Instant when) {
    const std::int64_t count = std::clamp<std::int64_t>(when.time_since_epoch().count(), -kMost, kMost);
    low_ = static_cast<std::uint16_t>(count);
    middle_ = static_cast<std::uint16_t>(count >> 16);
    high_ = static_cast<std::int16_t>(count >> 32);
  }
  operator Instant() const { return Instant(Duration((std::int64_t{high_} << 32) | (std::int64_t{middle_} << 16) | low_)); }

 private:
  static constexpr std::int64_t kMost = (std::int64_t{1} << 47) - 1;
  std::uint16_t low_ = 0, middle_ = 0;
  std::int16_t high_ = 0;
};

// All open recipients of one message at one destination. There may be millions of them.
struct Job {
  struct Neighbours {
    JobIndex before, after;
  };
  proto::QueueId message;
  union {
    Instant next_try{};     // while waiting; while its outcome is being recorded, if it is to be tried again
    Neighbours neighbours;  // while ready: in the line of its destination
  };
  PackedInstant accepted;  // when it was submitted
  JobStage stage : 3 = JobStage::free;
  bool retry_wanted : 1 = false;  // while leased: due at once when it comes back
  bool first_attempt : 1 = true;
  bool delay_noticed : 1 = false;
  bool hold_wanted : 1 = false;     // while leased: becomes held when it comes back
  bool withdrawn : 1 = false;       // while leased: removed or bounced by the operator
  bool is_one_of_many : 1 = false;  // its message had many jobs when this one was made
  bool is_recorded : 1 = false;     // while leased: no delivery is at it any more, its outcome is being recorded
  bool is_over : 1 = false;         // and nothing of it waits, nor is anybody to be told
  Second next_age;                  // when the message's age asks for a look: delay notice, expiry
  DestinationIndex destination = kNone;
  JobIndex next_in_bucket = kNone;      // of those whose messages are looked for at the same place
  std::uint32_t place_in_heap = kNone;  // of those that have a next event
};
static_assert(sizeof(Job) <= 40);

// Thread: one. All times are of the caller's clock and never go back.
class Schedule {
 public:
  // The same name gives the same index until it is forgotten.
  DestinationIndex destination(std::string_view name);
  std::string_view name(DestinationIndex destination) const { return names_.name(destination); }
  // One more than the largest index so far, and how many destinations there are.
  DestinationIndex destination_count() const { return names_.size(); }
  DestinationIndex known_destinations() const { return names_.count(); }
  // Of whatever stage.
  bool has_jobs(DestinationIndex destination) const { return destinations_[destination].jobs > 0; }
  // One without jobs: another name may get its index.
  void forget(DestinationIndex destination);

  // A new job: ready or held if its stage says so, else waiting until `next_try`.
  JobIndex add(Job job);
  const Job& job(JobIndex index) const { return jobs_[index]; }
  Job& job(JobIndex index) { return jobs_[index]; }
  // The jobs of one message here, in no order.
  std::vector<JobIndex> jobs_of(proto::QueueId message) const;
  // The job of a message at a destination.
  std::optional<JobIndex> find(proto::QueueId message, DestinationIndex destination) const;
  // Whether there are at least so many of them.
  bool has_jobs_of(proto::QueueId message, std::size_t count) const;
  void for_each(const std::function<void(JobIndex, const Job&)>& visit) const;
  std::uint64_t job_count() const { return job_count_; }

  // Makes due what is due at `now`, and returns jobs whose age asks for a look (not those that are leased).
  std::vector<JobIndex> advance(Instant now);
  // When advance() has something to do next.
  std::optional<Instant> next_event() const;

  // Destinations that got a ready job since the last call.
  std::vector<DestinationIndex> take_woken() { return std::exchange(woken_, {}); }
  bool has_ready(DestinationIndex destination) const { return destinations_[destination].first_ready != kNone; }
  // The oldest ready job; it is leased afterwards.
  std::optional<JobIndex> lease(DestinationIndex destination);
  // The ready job that came last; kNone without any.
  JobIndex newest_ready(DestinationIndex destination) const { return destinations_[destination].last_ready; }
  // The first ready job, and the one after a ready job; kNone without any.
  JobIndex oldest_ready(DestinationIndex destination) const { return destinations_[destination].first_ready; }
  JobIndex next_ready(JobIndex job) const { return jobs_[job].neighbours.after; }
  // Ready jobs of a destination, oldest first; they stay ready.
  std::vector<JobIndex> ready_jobs(DestinationIndex destination) const;

  // Each puts the job into a stage, whatever it was in; `ready` behind the others of its destination.
  void wait_until(JobIndex job, Instant next_try);
  void make_ready(JobIndex job);
  void lease_job(JobIndex job) { enter(job, JobStage::leased); }
  void hold(JobIndex job) { enter(job, JobStage::held); }
  void set_age_event(JobIndex job, Instant when);
  void remove(JobIndex job);

  // Jobs that nothing will ever wake: waiting, but with no event. Always empty unless there is a bug; the watchdog's question.
  std::vector<JobIndex> forgotten(Instant now) const;

 private:
  struct Destination {
    JobIndex first_ready = kNone, last_ready = kNone;
    std::uint32_t jobs = 0;
  };

  // The jobs of a message with many of them, by destination.
  using Crowd = std::unordered_multimap<DestinationIndex, JobIndex>;

  JobIndex free_place();
  // Where the jobs of a message are looked for. There are as many buckets as there ever were jobs; each job that comes adds one, which
  // takes over half of an older one: no job has to wait until all are put into a larger table.
  std::size_t bucket_of(proto::QueueId message) const;
  void add_bucket();
  void remember_message(JobIndex job);
  const Crowd* crowd_of(proto::QueueId message) const;
  void make_crowd(proto::QueueId message);
  void enter(JobIndex job, JobStage stage);
  void leave_line(JobIndex job);
  void forget_message(JobIndex job);
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
  NameTable names_;  // of the destinations
  std::vector<Destination> destinations_;
  std::vector<DestinationIndex> woken_;
  Slab<JobIndex, 1024> buckets_, heap_;
  // Their jobs are in no bucket: there each would have to be passed when another one goes.
  std::unordered_map<proto::QueueId, Crowd> crowds_;
};

}  // namespace mxpress::queue
