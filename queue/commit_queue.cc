// The operations that wait for the committer.
#include "queue/commit_queue.h"

#include <algorithm>
#include <utility>

namespace mxpress::queue {
namespace {

constexpr auto kWriteWithin = std::chrono::milliseconds(10);
constexpr auto kTryAgain = std::chrono::seconds(1);  // between tries of a journal that refuses

}  // namespace

bool CommitQueue::must_wait_for_recovery(const Operation& operation) const {
  if (recovered_) return false;
  if (is_store(operation)) return !operation.drop_name.empty();
  return operation.kind == Operation::Kind::change && run_of(operation.id()) != run_;
}

// Returns true if the committer must wake.
bool CommitQueue::enqueue(OperationPtr operation) {
  const bool urgent = is_urgent(*operation);
  const bool wake = urgent ? urgent_ == 0 : waiting_.empty();
  if (urgent)
    ++urgent_;
  else if (waiting_.size() == urgent_)
    first_lazy_ = std::chrono::steady_clock::now();
  waiting_.push_back(std::move(operation));
  return wake;
}

void CommitQueue::push(OperationPtr operation) {
  std::lock_guard lock(mutex_);
  if (must_wait_for_recovery(*operation)) return until_recovered_.push_back(std::move(operation));
  if (enqueue(std::move(operation))) work_.notify_one();
}

void CommitQueue::release() {
  std::lock_guard lock(mutex_);
  recovered_ = true;
  for (auto& operation : std::exchange(until_recovered_, {}))
    if (enqueue(std::move(operation))) work_.notify_one();
}

void CommitQueue::append(Operations& operations) {
  if (operations.empty()) return;
  std::lock_guard lock(mutex_);
  for (auto& operation : operations) (void)enqueue(std::move(operation));
  operations.clear();
}

void CommitQueue::put_back(const Operations& operations) {
  std::lock_guard lock(mutex_);
  waiting_.insert(waiting_.begin(), operations.begin(), operations.end());
  urgent_ += static_cast<std::size_t>(std::count_if(operations.begin(), operations.end(), [](const auto& o) { return is_urgent(*o); }));
}

OperationPtr CommitQueue::pop() {
  auto operation = std::move(waiting_.front());
  waiting_.pop_front();
  if (is_urgent(*operation)) --urgent_;
  return operation;
}

Operations CommitQueue::take_all() {
  std::lock_guard lock(mutex_);
  Operations all(waiting_.begin(), waiting_.end());
  all.insert(all.end(), until_recovered_.begin(), until_recovered_.end());
  waiting_.clear();
  until_recovered_.clear();
  urgent_ = 0;
  return all;
}

void CommitQueue::stop() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  work_.notify_all();
}

CommitQueue::Turn CommitQueue::wait(std::optional<Moment> sync_due, Journal journal) {
  std::unique_lock lock(mutex_);
  while (!stopping_ && (urgent_ == 0 || journal == Journal::refuses)) {
    const auto deadline = next_deadline(sync_due, journal);
    if (!deadline)
      work_.wait(lock);
    else if (work_.wait_until(lock, *deadline) == std::cv_status::timeout)
      break;
  }
  if (stopping_) return Turn::stop;
  const bool sync = urgent_ != 0 || journal == Journal::refuses || (sync_due && std::chrono::steady_clock::now() >= *sync_due);
  return sync ? Turn::sync : Turn::write;
}

std::optional<CommitQueue::Moment> CommitQueue::next_deadline(std::optional<Moment> sync_due, Journal journal) const {
  if (journal == Journal::refuses) return std::chrono::steady_clock::now() + kTryAgain;
  if (waiting_.empty()) return sync_due;
  return std::min(sync_due.value_or(Moment::max()), first_lazy_ + kWriteWithin);
}

}  // namespace mxpress::queue
