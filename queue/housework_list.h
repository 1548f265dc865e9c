// The work of the housekeeper: large messages to finish, message files to put in place, files of ended messages to remove.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "queue/operation.h"

namespace mxpress::queue {

class MessageFileWriter;

// A message whose content is complete in incoming/, but not synced.
struct LargeStore {
  LargeStore(OperationPtr what, std::unique_ptr<MessageFileWriter> file);
  LargeStore(LargeStore&&) noexcept;
  LargeStore& operator=(LargeStore&&) noexcept;
  ~LargeStore();

  OperationPtr operation;
  std::unique_ptr<MessageFileWriter> writer;
};

// Any thread. Its lock may be taken while another is held; no other lock is taken while it is held.
class HouseworkList {
 public:
  void add_large(LargeStore store);
  // Messages whose large file is to be moved to its place (its record is durable), and messages whose files are to be removed.
  void add(const std::vector<QueueId>& to_place, const std::vector<QueueId>& to_remove);
  void add_to_place(QueueId id);
  void add_to_remove(QueueId id);

  std::vector<LargeStore> take_large();
  std::vector<QueueId> take_to_place();
  std::vector<QueueId> take_to_remove();
  bool is_empty();

  // Waits until there is work, or stop(), but at most `most`.
  void wait(std::chrono::nanoseconds most);
  // Waits until somebody waits for a large message, or stop(), but at most `most`.
  void rest(std::chrono::nanoseconds most);
  void stop();
  bool is_stopping() const { return stopping_; }

 private:
  bool is_empty_locked() const { return large_.empty() && to_place_.empty() && to_remove_.empty(); }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<LargeStore> large_;
  std::vector<QueueId> to_place_, to_remove_;
  std::atomic<bool> stopping_ = false;  // changed under the lock
};

}  // namespace mxpress::queue
