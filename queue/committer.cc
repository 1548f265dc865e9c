// Writes batches, and continues in a new segment after a disk failure.
#include "queue/committer.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "queue/acceptance.h"
#include "queue/commit_queue.h"
#include "queue/fresh.h"
#include "queue/guarded.h"
#include "queue/housework_list.h"
#include "queue/index.h"
#include "queue/message_table.h"
#include "queue/spool_context.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kMaxBatch = 4u << 20;  // octets; the rest waits for the next batch
constexpr auto kSyncWithin = std::chrono::seconds(1);
constexpr unsigned kFailuresBeforeStop = 2;

bool is_a_store(const OperationPtr& operation) { return is_store(*operation); }

}  // namespace

Committer::Committer(const SpoolContext& context, Parts parts, std::uint32_t first_segment)
    : context_(context),
      parts_(parts),
      journal_(context.disk, {context.paths.journal(), context.options.segment_size, context.run, first_segment, context.options.random}) {}

void Committer::run() {
  for (;;) {
    const auto journal = parts_.acceptance.is_given() ? CommitQueue::Journal::accepts : CommitQueue::Journal::refuses;
    const auto turn = parts_.queue.wait(sync_due(), journal);
    if (turn == CommitQueue::Turn::stop) break;
    const bool sync = turn == CommitQueue::Turn::sync;
    // If several threads store at a time, those about to store go first and share the sync. A single one would only wait for other work of
    // the machine.
    if (sync && stores_together_ > 1) std::this_thread::yield();
    commit(sync ? Sync::yes : Sync::no);
  }
  while (commit(Sync::yes)) {
  }
}

std::optional<Committer::Moment> Committer::sync_due() const {
  return unsynced_.empty() ? std::nullopt : std::optional(first_unsynced_ + kSyncWithin);
}

bool Committer::commit(Sync sync) {
  const auto batch = take_batch();
  stores_together_ = static_cast<std::size_t>(std::count_if(batch.begin(), batch.end(), is_a_store));
  const bool probe = !parts_.acceptance.is_given();  // a new segment shows whether the disk works again
  if (batch.empty() && unsynced_.empty() && !probe) return false;
  auto status = batch.empty() && !probe ? Status() : write(batch);
  const bool must_sync = sync == Sync::yes || stores_together_ > 0;
  if (status && must_sync) status = journal_.sync();
  if (!status) {
    after_failure(status.error(), batch);
    return false;
  }
  if (unsynced_.empty()) first_unsynced_ = std::chrono::steady_clock::now();
  unsynced_.insert(unsynced_.end(), batch.begin(), batch.end());
  if (must_sync) finish(std::exchange(unsynced_, {}));
  return !batch.empty();
}

Operations Committer::take_batch() {
  Answers answers;
  const Status accepting = parts_.acceptance.status();
  Operations batch;
  {
    auto table = parts_.table.lock();
    batch = parts_.queue.take(kMaxBatch, [&](const OperationPtr& operation) { return table->admit(operation, accepting, answers); });
  }
  for (const auto& answer : answers) answer();
  return batch;
}

Status Committer::write(const Operations& operations) {
  records_.clear();
  locations_.clear();
  for (const auto& operation : operations)
    records_.push_back({operation->header, operation->content ? std::string_view(operation->content->text()) : "", operation->meta});
  auto status = journal_.write(records_, locations_);
  for (std::size_t i = 0; i < locations_.size(); ++i) operations[i]->location = locations_[i];
  if (journal_.current().number != noted_segment_) note_segment();
  return status;
}

void Committer::note_segment() {
  const auto& current = journal_.current();
  noted_segment_ = current.number;
  auto table = parts_.table.lock();
  auto& segment = table->index().segments[current.number];
  segment.file = current.file;
  segment.size = current.size;
  segment.number = current.number;
}

Status Committer::write_and_sync(const Operations& operations) {
  // In pieces: all records together could exceed the size of a segment.
  std::uint64_t octets = 0;
  Operations piece;
  for (const auto& operation : operations) {
    octets += operation->header.size();
    piece.push_back(operation);
    if (octets < kMaxBatch && operation != operations.back()) continue;
    if (auto s = write(piece); !s) return s;
    piece.clear();
    octets = 0;
  }
  return journal_.sync();
}

// Operations that were not synced do not count: messages are refused; outcomes and actions, which are already true, go into a new segment.
void Committer::after_failure(const Error& error, const Operations& batch) {
  journal_.abandon();
  ++failures_;
  context_.report("the journal took no more: " + error.message);
  Operations stores, rest = std::exchange(unsynced_, {});
  for (const auto& operation : batch) (is_store(*operation) ? stores : rest).push_back(operation);
  refuse(stores, error);
  if (!rest.empty())
    go_on_in_fresh_segment(rest);
  else if (failures_ >= kFailuresBeforeStop)
    stop_accepting(error);
}

void Committer::go_on_in_fresh_segment(const Operations& rest) {
  const auto status = write_and_sync(rest);
  if (status) return finish(rest);
  journal_.abandon();
  stop_accepting(status.error());
  parts_.queue.put_back(rest);
}

void Committer::refuse(const Operations& stores, const Error& error) {
  {
    auto table = parts_.table.lock();
    for (const auto& store : stores) table->refuse(*store);
  }
  // Its record may be on disk, and is void only once a new segment says so: until then a record without a file would look like a loss.
  for (const auto& store : stores)
    if (is_large_store(*store)) refused_large_.push_back(store->id());
  for (const auto& store : stores) store->stored(Error::transient(error.message));
}

void Committer::stop_accepting(const Error& error) {
  parts_.acceptance.refuse("the spool " + context_.paths.root.string() + " cannot be written: " + error.message);
}

void Committer::finish(const Operations& operations) {
  failures_ = 0;
  parts_.acceptance.resume();
  {
    auto table = parts_.table.lock();
    ++table->counters.syncs;
    for (const auto& operation : operations) table->finish(operation, ended_);
    table->finish_batch(journal_.current().number);
    parts_.queue.append(ended_);
  }
  parts_.housework.add({}, refused_large_);
  refused_large_.clear();
  for (const auto& operation : operations) {
    if (operation->stored) operation->stored(operation->id());
    if (operation->done) operation->done({});
  }
}

}  // namespace mxpress::queue
