// The work list of the housekeeper.
#include "queue/housework_list.h"

#include <utility>

#include "queue/message_file.h"

namespace mxpress::queue {

LargeStore::LargeStore(OperationPtr what, std::unique_ptr<MessageFileWriter> file) : operation(std::move(what)), writer(std::move(file)) {}
LargeStore::LargeStore(LargeStore&&) noexcept = default;
LargeStore& LargeStore::operator=(LargeStore&&) noexcept = default;
LargeStore::~LargeStore() = default;

void HouseworkList::add_large(LargeStore store) {
  std::lock_guard lock(mutex_);
  large_.push_back(std::move(store));
  changed_.notify_one();
}

void HouseworkList::add(const std::vector<QueueId>& to_place, const std::vector<QueueId>& to_remove) {
  if (to_place.empty() && to_remove.empty()) return;
  std::lock_guard lock(mutex_);
  to_place_.insert(to_place_.end(), to_place.begin(), to_place.end());
  to_remove_.insert(to_remove_.end(), to_remove.begin(), to_remove.end());
  changed_.notify_one();
}

void HouseworkList::add_to_place(QueueId id) {
  std::lock_guard lock(mutex_);
  to_place_.push_back(id);
  changed_.notify_one();
}

void HouseworkList::add_to_remove(QueueId id) {
  std::lock_guard lock(mutex_);
  to_remove_.push_back(id);
  changed_.notify_one();
}

std::vector<LargeStore> HouseworkList::take_large() {
  std::lock_guard lock(mutex_);
  return std::exchange(large_, {});
}

std::vector<QueueId> HouseworkList::take_to_place() {
  std::lock_guard lock(mutex_);
  return std::exchange(to_place_, {});
}

std::vector<QueueId> HouseworkList::take_to_remove() {
  std::lock_guard lock(mutex_);
  return std::exchange(to_remove_, {});
}

bool HouseworkList::is_empty() {
  std::lock_guard lock(mutex_);
  return is_empty_locked();
}

void HouseworkList::wait(std::chrono::nanoseconds most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, most, [this] { return stopping_ || !is_empty_locked(); });
}

void HouseworkList::rest(std::chrono::nanoseconds most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, most, [this] { return stopping_ || !large_.empty(); });
}

void HouseworkList::stop() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

}  // namespace mxpress::queue
