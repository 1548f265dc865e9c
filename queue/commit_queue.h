// The operations that wait for the committer, in the order in which they will be written.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "queue/operation.h"

namespace mxpress::queue {

// Any thread, except for functions marked as the committer's. Its lock may be taken while the lock of the message table is held, never the
// other way round.
class CommitQueue {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  // `run`: of this daemon. Changes of messages of earlier runs, and drop files, are held back until release().
  explicit CommitQueue(std::uint64_t run) : run_(run) {}

  // Wakes the committer if it has to write earlier than planned.
  void push(OperationPtr operation);
  // Recovery is done: operations that were held back are queued behind the waiting ones.
  void release();
  void stop();

  // For the committer: wakes nobody. Leaves `operations` empty.
  void append(Operations& operations);
  // Operations that were taken but are not durable are queued again, before all others.
  void put_back(const Operations& operations);
  // Takes operations that `admit(operation)` accepts, up to this many octets. Operations that it refuses are also removed from the queue.
  template <class Admit>
  Operations take(std::uint64_t octets, Admit admit);
  // All operations that wait or are held back.
  Operations take_all();

  enum class Turn { stop, write, sync };
  // Waits until there is something to write or to sync: an urgent operation, lazy operations that waited 10 ms, or `sync_due`. While the
  // journal refuses, returns once a second.
  enum class Journal { accepts, refuses };
  Turn wait(std::optional<Moment> sync_due, Journal journal);

 private:
  bool must_wait_for_recovery(const Operation& operation) const;
  bool enqueue(OperationPtr operation);
  std::optional<Moment> next_deadline(std::optional<Moment> sync_due, Journal journal) const;
  OperationPtr pop();

  static constexpr std::size_t kUsualBatch = 1000;

  const std::uint64_t run_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<OperationPtr> waiting_;
  std::size_t urgent_ = 0;  // of them
  Moment first_lazy_{};     // when the oldest of the others came
  Operations until_recovered_;
  bool recovered_ = false;
  bool stopping_ = false;
};

template <class Admit>
Operations CommitQueue::take(std::uint64_t octets, Admit admit) {
  Operations batch;
  std::lock_guard lock(mutex_);
  batch.reserve(std::min(waiting_.size(), kUsualBatch));
  for (std::uint64_t taken = 0; !waiting_.empty() && taken < octets;) {
    auto operation = pop();
    if (!admit(operation)) continue;
    taken += operation->header.size();
    batch.push_back(std::move(operation));
  }
  first_lazy_ = std::chrono::steady_clock::now();
  return batch;
}

}  // namespace mxpress::queue
