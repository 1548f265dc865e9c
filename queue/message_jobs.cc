// The jobs of each message: linear hashing, and separate tables for messages with many jobs.
#include "queue/message_jobs.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace mxpress::queue {
namespace {

constexpr std::size_t kCrowd = 16;  // jobs of one message

}  // namespace

std::vector<JobIndex> MessageJobs::of(proto::QueueId message) const {
  std::vector<JobIndex> result;
  if (const Crowd* crowd = crowd_of(message))
    for (const auto& [destination, index] : *crowd) result.push_back(index);
  if (buckets_.empty()) return result;
  for (JobIndex index = buckets_[bucket_of(message)]; index != kNone; index = jobs_[index].next_in_bucket)
    if (jobs_[index].message == message) result.push_back(index);
  return result;
}

std::optional<JobIndex> MessageJobs::find(proto::QueueId message, DestinationIndex destination) const {
  if (const Crowd* crowd = crowd_of(message)) {
    const auto found = crowd->find(destination);
    return found == crowd->end() ? std::nullopt : std::optional(found->second);
  }
  if (buckets_.empty()) return std::nullopt;
  for (JobIndex index = buckets_[bucket_of(message)]; index != kNone; index = jobs_[index].next_in_bucket)
    if (jobs_[index].message == message && jobs_[index].destination == destination) return index;
  return std::nullopt;
}

bool MessageJobs::has(proto::QueueId message, std::size_t count) const {
  if (const Crowd* crowd = crowd_of(message)) return crowd->size() >= count;
  if (buckets_.empty()) return count == 0;
  for (JobIndex index = buckets_[bucket_of(message)]; index != kNone && count > 0; index = jobs_[index].next_in_bucket)
    if (jobs_[index].message == message) --count;
  return count == 0;
}

void MessageJobs::add(JobIndex index, std::uint64_t all) {
  if (buckets_.size() < all) add_bucket();
  const proto::QueueId message = jobs_[index].message;
  if (!crowd_of(message) && has(message, kCrowd)) make_crowd(message);
  if (crowd_of(message)) {
    crowds_.at(message).emplace(jobs_[index].destination, index);
    return;
  }
  JobIndex& first = buckets_[bucket_of(jobs_[index].message)];
  jobs_[index].next_in_bucket = first;
  first = index;
}

const MessageJobs::Crowd* MessageJobs::crowd_of(proto::QueueId message) const {
  if (crowds_.empty()) return nullptr;
  const auto found = crowds_.find(message);
  return found == crowds_.end() ? nullptr : &found->second;
}

void MessageJobs::make_crowd(proto::QueueId message) {
  const auto jobs = of(message);
  for (const JobIndex job : jobs) remove(job);
  Crowd& crowd = crowds_[message];
  for (const JobIndex job : jobs) {
    jobs_[job].next_in_bucket = kNone;
    crowd.emplace(jobs_[job].destination, job);
  }
}

void MessageJobs::remove(JobIndex index) {
  if (const auto crowd = crowds_.empty() ? crowds_.end() : crowds_.find(jobs_[index].message); crowd != crowds_.end()) {
    const auto [first, last] = crowd->second.equal_range(jobs_[index].destination);
    crowd->second.erase(std::find_if(first, last, [index](const auto& entry) { return entry.second == index; }));
    if (crowd->second.empty()) crowds_.erase(crowd);
    return;
  }
  JobIndex* link = &buckets_[bucket_of(jobs_[index].message)];
  while (*link != index) link = &jobs_[*link].next_in_bucket;
  *link = jobs_[index].next_in_bucket;
}

// Linear hashing: uses as many bits of the hash as the number of buckets needs, or one less if the last bit leads to a bucket that does not
// exist yet.
std::size_t MessageJobs::bucket_of(proto::QueueId message) const {
  const std::size_t all = std::bit_ceil(buckets_.size());
  const std::size_t bucket = (std::hash<proto::QueueId>()(message) >> 32) & (all - 1);
  return bucket < buckets_.size() ? bucket : bucket - all / 2;
}

void MessageJobs::add_bucket() {
  const std::size_t fresh = buckets_.size();
  buckets_.push_back(kNone);
  if (fresh == 0) return;
  JobIndex* link = &buckets_[fresh - std::bit_floor(fresh)];
  for (JobIndex* end = &buckets_[fresh]; *link != kNone;) {
    Job& job = jobs_[*link];
    if (bucket_of(job.message) != fresh) {
      link = &job.next_in_bucket;
      continue;
    }
    *end = std::exchange(*link, job.next_in_bucket);
    job.next_in_bucket = kNone;
    end = &job.next_in_bucket;
  }
}

}  // namespace mxpress::queue
