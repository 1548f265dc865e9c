// What is due when: the jobs of one worker by destination. Pure data: no clock, no disk, no network; time is an argument.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/queue_id.h"
#include "proto/time.h"

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
  leased,   // a delivery is at it
  held,     // by the operator
};

// All open recipients of one message at one destination.
struct Job {
  proto::QueueId message;
  Instant next_try{};                // while waiting
  Instant next_age{};                // when the message's age asks for a look: delay notice, expiry
  Instant accepted{};                // when it was submitted, on this clock: may lie before boot
  Instant settled = Instant::min();  // when its latest outcome was durable
  DestinationIndex destination = kNone;
  JobIndex next_of_message = kNone;  // another job of the same message
  JobStage stage = JobStage::free;
  bool first_attempt = true;
  bool delay_noticed = false;
  bool hold_wanted = false;   // while leased: becomes held when it comes back
  bool withdrawn = false;     // while leased: removed or bounced by the operator
  bool retry_wanted = false;  // while leased: due at once when it comes back
};

// Thread: one. All times are of the caller's clock and never go back.
class Schedule {
 public:
  // The same name gives the same index for the life of the schedule.
  DestinationIndex destination(std::string_view name);
  const std::string& name(DestinationIndex destination) const { return destinations_[destination].name; }
  DestinationIndex destination_count() const { return static_cast<DestinationIndex>(destinations_.size()); }

  // A new job, waiting until `next_try` (or ready when that has passed at the next advance()), or held.
  JobIndex add(Job job);
  const Job& job(JobIndex index) const { return jobs_[index]; }
  Job& job(JobIndex index) { return jobs_[index]; }
  // The jobs of one message here.
  std::vector<JobIndex> jobs_of(proto::QueueId message) const;
  void for_each(const std::function<void(JobIndex, const Job&)>& visit) const;
  std::uint64_t job_count() const { return job_count_; }

  // Makes due what is due at `now`, and returns jobs whose age asks for a look (not those that are leased).
  std::vector<JobIndex> advance(Instant now);
  // When advance() has something to do next.
  std::optional<Instant> next_event();

  // Destinations that got a ready job since the last call.
  std::vector<DestinationIndex> take_woken() { return std::exchange(woken_, {}); }
  bool has_ready(DestinationIndex destination);
  // The oldest ready job; it is leased afterwards.
  std::optional<JobIndex> lease(DestinationIndex destination);
  // The ready job that came last; kNone without any.
  JobIndex newest_ready(DestinationIndex destination) const;
  // Ready jobs of a destination, each once, oldest first; they stay ready.
  std::vector<JobIndex> ready_jobs(DestinationIndex destination) const;

  // Each puts the job into a stage, whatever it was in; `ready` in front of the others of its destination when it comes back untried.
  void wait_until(JobIndex job, Instant next_try);
  void make_ready(JobIndex job);
  void make_ready_first(JobIndex job);
  void lease_job(JobIndex job) { jobs_[job].stage = JobStage::leased; }
  void hold(JobIndex job);
  void set_age_event(JobIndex job, Instant when);
  void remove(JobIndex job);

  // Jobs that nothing will ever wake: waiting, but with no event. Always empty unless there is a bug; the watchdog's question.
  std::vector<JobIndex> forgotten(Instant now) const;

 private:
  struct Destination {
    std::string name;
    std::deque<JobIndex> ready;  // may hold entries that are stale: checked when taken
  };
  struct Event {
    Instant when;
    JobIndex job;
    bool operator>(const Event& other) const { return when > other.when; }
  };
  using Events = std::priority_queue<Event, std::vector<Event>, std::greater<>>;

  bool is_due_event(const Event& event) const;
  bool is_age_event(const Event& event) const;
  bool is_ready_entry(DestinationIndex destination, JobIndex job) const;
  void drop_stale_front(Destination& destination, DestinationIndex index);

  std::vector<Job> jobs_;
  std::vector<JobIndex> free_;
  std::uint64_t job_count_ = 0;
  std::vector<Destination> destinations_;
  boost::unordered_flat_map<std::string, DestinationIndex> by_name_;
  boost::unordered_flat_map<std::uint64_t, JobIndex> by_message_;
  std::vector<DestinationIndex> woken_;
  Events due_;
  Events ages_;
};

}  // namespace mxpress::queue
