// The committer: one write and one sync for all waiting operations.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "queue/journal.h"

namespace mxpress::queue {

class Acceptance;
class CommitQueue;
class HouseworkList;
class MessageTable;
struct Operation;
struct SpoolContext;
template <class T>
class Guarded;
using Operations = std::vector<std::shared_ptr<Operation>>;

// Takes operations from the queue, writes them to the journal, and applies them to the table once they are durable. One thread at a time.
class Committer {
 public:
  struct Parts {
    CommitQueue& queue;
    Guarded<MessageTable>& table;
    HouseworkList& housework;
    Acceptance& acceptance;
  };
  Committer(const SpoolContext& context, Parts parts, std::uint32_t first_segment);

  // Runs until CommitQueue::stop(), then commits the remaining operations.
  void run();

  enum class Sync { yes, no };
  // Writes the waiting operations, or a part of them if there are many. Messages are always synced. False: nothing to do, or a disk error.
  bool commit(Sync sync);

 private:
  using Moment = std::chrono::steady_clock::time_point;
  std::optional<Moment> sync_due() const;
  Operations take_batch();
  Status write(const Operations& operations);
  void note_segment();
  Status write_and_sync(const Operations& operations);
  void after_failure(const Error& error, const Operations& batch);
  void go_on_in_fresh_segment(const Operations& rest);
  void refuse(const Operations& stores, const Error& error);
  void stop_accepting(const Error& error);
  void finish(const Operations& operations);

  const SpoolContext& context_;
  const Parts parts_;
  Journal journal_;
  std::uint32_t noted_segment_ = 0;  // the table knows it
  Operations unsynced_;
  Moment first_unsynced_{};
  std::size_t stores_together_ = 0;     // in the latest batch
  unsigned failures_ = 0;               // of the journal, in a row
  std::vector<QueueId> refused_large_;  // their files can be removed after the next sync
  // Empty between uses; members so that they keep their memory.
  Operations ended_;
  std::vector<JournalRecord> records_;
  std::vector<Location> locations_;
};

}  // namespace mxpress::queue
