// Finds the jobs of a message. A job costs one link and one bucket of memory; no call takes long, however many jobs there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "proto/queue_id.h"
#include "queue/job.h"
#include "queue/slab.h"

namespace mxpress::queue {

// Thread: one.
class MessageJobs {
 public:
  explicit MessageJobs(Slab<Job>& jobs) : jobs_(jobs) {}

  // Adds a job that has its message and its destination set. `all`: number of jobs including this one.
  void add(JobIndex job, std::uint64_t all);
  void remove(JobIndex job);

  // In no order.
  std::vector<JobIndex> of(proto::QueueId message) const;
  std::optional<JobIndex> find(proto::QueueId message, DestinationIndex destination) const;
  // True if the message has at least `count` jobs.
  bool has(proto::QueueId message, std::size_t count) const;

 private:
  // The jobs of a message with many of them, by destination.
  using Crowd = std::unordered_multimap<DestinationIndex, JobIndex>;

  // There are as many buckets as there ever were jobs. Each new job adds one bucket, which takes over half of an older one, so that no job
  // has to wait until all are moved into a larger table.
  std::size_t bucket_of(proto::QueueId message) const;
  void add_bucket();
  const Crowd* crowd_of(proto::QueueId message) const;
  void make_crowd(proto::QueueId message);

  Slab<Job>& jobs_;
  Slab<JobIndex, 1024> buckets_;
  // Their jobs are in no bucket, where removing one job would have to walk past all others.
  std::unordered_map<proto::QueueId, Crowd> crowds_;
};

}  // namespace mxpress::queue
