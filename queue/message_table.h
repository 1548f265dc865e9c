// What the spool knows of its messages: the index of what is durable, the changes that are not yet, and messages that came a moment ago.
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

// Changes of one message that are not durable yet, in their order. They become durable in about the same order.
class PendingChanges {
 public:
  void add(OperationPtr operation) { operations_.push_back(std::move(operation)); }
  void remove(const OperationPtr& operation);
  bool empty() const { return first_ == operations_.size(); }
  Operations all() const { return {operations_.begin() + static_cast<std::ptrdiff_t>(first_), operations_.end()}; }

 private:
  Operations operations_;
  std::size_t first_ = 0;  // those before it have been removed
};

// The answers to operations that were refused: to be called when no lock is held.
using Answers = std::vector<std::function<void()>>;

// Message files of earlier runs.
struct LeftFiles {
  std::vector<QueueId> misplaced;  // complete, but still in incoming/
  std::vector<QueueId> finished;   // of messages that have ended
};

struct TableLimits {
  std::size_t ended_kept = 0;
  std::uint64_t ended_octets = 0;
  std::uint64_t waiting_octets = 0;  // see WaitingMail
  std::uint64_t site_octets = 0;     // see Sites
};

// Not thread-safe: a spool has it behind a lock. What an operation makes necessary for message files is on the housekeeper's list before
// that lock is released: a checkpoint that sees an operation in the table finds the work for its file, and removes no segment before it is
// done.
class MessageTable {
 public:
  using Wall = std::function<WallTime()>;
  MessageTable(TableLimits limits, Wall wall, HouseworkList& housework);
  ~MessageTable();

  Index& index() { return *index_; }
  Sites& sites() { return *sites_; }  // in backoff
  // Error (transient), for people: the mail of this owner, or all mail, takes too much memory.
  Status room_for(const Operation& store) const;

  // A change that was asked for. Until finish() or refuse() load() applies it to the message.
  void show(const OperationPtr& change);
  Operations pending_changes(QueueId id) const;
  std::shared_ptr<const Message> fresh(QueueId id) const;
  // All of an ended message whose records are gone, with its changes; nullopt: it is another one.
  std::optional<Message> remembered(const Entry& entry, const Operations& changes) const;

  // Before it is written: gives a change its sequence. False: refused, with an answer for who waits. `accepting`: an error refuses
  // messages.
  bool admit(const OperationPtr& operation, const Status& accepting, Answers& answers);
  // A store that could not be written.
  void refuse(const Operation& store) { drops_in_progress_.erase(store.drop_name); }
  // It is durable. `ended` takes the records to be written for messages that it ended.
  void finish(const OperationPtr& operation, Operations& ended);
  // After a batch: forgets ended messages beyond the limit. What lies in segments before `segment` is in the index now.
  void finish_batch(std::uint32_t segment);

  // Takes what recovery found: the mail of earlier runs. Sites of which this run knows something newer are left out.
  void merge(Index earlier, const Sites& sites, const LeftFiles& files);
  bool is_recovered() const { return recovered_; }
  // The oldest segment, if everything that lies in it is in the index.
  std::optional<std::uint32_t> oldest_sealed_segment() const;
  // How many have not ended.
  std::size_t waiting() const;

  SpoolCounters counters;  // `messages` and `journal_bytes` apart

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
  std::set<std::string, std::less<>> sites_recorded_;  // since the start, until recovery is done: what it finds is older
  bool recovered_ = false;
};

}  // namespace mxpress::queue
