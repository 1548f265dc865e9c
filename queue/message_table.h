// The spool's table of messages: the index of durable state, changes that are not durable yet, and new messages in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue/operation.h"
#include "queue/spool_counters.h"

namespace mxpress::queue {

struct Index;
class Entry;
class FreshMessages;
class HouseworkList;
class Sites;

// The changes of one message that are not durable yet, in order. They become durable in about the same order.
class PendingChanges {
 public:
  void add(OperationPtr operation) { operations_.push_back(std::move(operation)); }
  void remove(const OperationPtr& operation);
  bool empty() const { return first_ == operations_.size(); }
  Operations all() const { return {operations_.begin() + static_cast<std::ptrdiff_t>(first_), operations_.end()}; }

 private:
  Operations operations_;
  std::size_t first_ = 0;  // earlier ones have been removed
};

// Answers for refused operations: call them without holding a lock.
using Answers = std::vector<std::function<void()>>;

// Message files of earlier runs.
struct LeftFiles {
  std::vector<QueueId> misplaced;  // complete, but still in incoming/
  std::vector<QueueId> finished;   // their messages have ended
};

struct TableLimits {
  std::size_t ended_kept = 0;
  std::uint64_t ended_octets = 0;
  std::uint64_t waiting_octets = 0;  // see WaitingMail
  std::uint64_t site_octets = 0;     // see Sites
};

// Not thread-safe: a spool guards it by a lock. The work that an operation causes for message files is put on the housekeeper's list before
// that lock is released: a checkpoint that sees an operation in the table also sees the work for its file, and removes no segment before it
// is done.
class MessageTable {
 public:
  using Wall = std::function<WallTime()>;
  MessageTable(TableLimits limits, Wall wall, HouseworkList& housework);
  ~MessageTable();

  Index& index() { return *index_; }
  Sites& sites() { return *sites_; }  // in backoff
  // Error (transient), for people: the mail of this owner, or all mail, takes too much memory.
  Status room_for(const Operation& store) const;

  // Adds a change that was requested. Until finish() or refuse(), load() applies it to the message.
  void show(const OperationPtr& change);
  Operations pending_changes(QueueId id) const;
  std::shared_ptr<const Message> fresh(QueueId id) const;
  // An ended message whose records are removed, with its changes; nullopt if the entry has none.
  std::optional<Message> remembered(const Entry& entry, const Operations& changes) const;

  // Called before writing: gives a change its sequence. False: refused, with an answer for the caller. `accepting`: if it is an error,
  // messages are refused.
  bool admit(const OperationPtr& operation, const Status& accepting, Answers& answers);
  // For a store that could not be written.
  void refuse(const Operation& store) { drops_in_progress_.erase(store.drop_name); }
  // The operation is durable. Appends to `ended` the records to write for messages that it ended.
  void finish(const OperationPtr& operation, Operations& ended);
  // Called after a batch: forgets ended messages beyond the limit. All records in segments before `segment` are in the index now.
  void finish_batch(std::uint32_t segment);

  // Takes over the results of recovery: the mail of earlier runs. Sites for which this run has newer records are left out.
  void merge(Index earlier, const Sites& sites, const LeftFiles& files);
  bool is_recovered() const { return recovered_; }
  // The oldest segment, if all its records are in the index.
  std::optional<std::uint32_t> oldest_sealed_segment() const;
  // The number of messages that have not ended.
  std::size_t waiting() const;

  SpoolCounters counters;  // except `messages` and `journal_bytes`

 private:
  void hide(const OperationPtr& change);
  bool admit_store(const OperationPtr& operation, const Status& accepting, Answers& answers);
  void finish_store(Operation& operation, Operations& ended);
  void finish_change(const OperationPtr& operation, Operations& ended);
  void finish_site(const Operation& operation);
  void end_if_finished(QueueId id, Entry& entry, Operations& ended);

  const TableLimits limits_;
  const Wall wall_;
  HouseworkList& housework_;
  const std::unique_ptr<Index> index_;
  const std::unique_ptr<Sites> sites_;
  const std::unique_ptr<FreshMessages> fresh_;
  std::unordered_map<QueueId, PendingChanges> overlay_;  // as load() shows them
  std::set<std::string, std::less<>> drops_in_progress_;
  std::uint32_t sealed_below_ = 0;
  std::set<std::string, std::less<>> sites_recorded_;  // since the start, until recovery is done: records that it finds are older
  bool recovered_ = false;
};

}  // namespace mxpress::queue
