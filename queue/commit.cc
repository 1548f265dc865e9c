// The committer: one write and one sync for all that waits.
#include <algorithm>

#include "queue/crc32c.h"
#include "queue/spool_impl.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kMaxBatch = 4u << 20;  // octets; more waits for the next batch
constexpr auto kWriteWithin = std::chrono::milliseconds(10);
constexpr auto kSyncWithin = std::chrono::seconds(1);
constexpr unsigned kFailuresBeforeStop = 2;

bool is_store(const OperationPtr& operation) { return operation->kind == Operation::Kind::store; }

}  // namespace

void SpoolImpl::run_committer() {
  for (;;) {
    auto shared = shared_.lock();
    if (housework_waits(*shared)) housework_.notify_one();
    wait_for_work(shared);
    if (shared->stopping) break;
    const bool sync = shared->urgent != 0 || !shared->counters.accepting ||
                      (!unsynced_.empty() && std::chrono::steady_clock::now() >= first_unsynced_ + kSyncWithin);
    shared.unlock();
    // Where several store at a time, those who are about to do so come first and share the sync. One who is alone would only
    // wait for whatever else the machine does.
    if (sync && stores_together_ > 1) std::this_thread::yield();
    commit(sync ? Sync::yes : Sync::no);
  }
  while (commit(Sync::yes)) {
  }
}

void SpoolImpl::wait_for_work(Access& shared) {
  for (;;) {
    if (shared->stopping || (shared->urgent != 0 && shared->counters.accepting)) return;
    const auto deadline = next_deadline(*shared);
    if (!deadline)
      work_.wait(shared.native());
    else if (work_.wait_until(shared.native(), *deadline) == std::cv_status::timeout)
      return;
  }
}

std::optional<SpoolImpl::Moment> SpoolImpl::next_deadline(const Shared& shared) const {
  if (!shared.counters.accepting) return std::chrono::steady_clock::now() + kSyncWithin;
  std::optional<Moment> deadline;
  if (!unsynced_.empty()) deadline = first_unsynced_ + kSyncWithin;
  if (!shared.waiting.empty()) deadline = std::min(deadline.value_or(Moment::max()), shared.first_lazy + kWriteWithin);
  return deadline;
}

bool SpoolImpl::commit_batch() {
  finish_large_stores();
  const bool done = commit(Sync::yes);
  place_large_files();
  remove_ended_files();
  if (age_is_to_be_marked(*shared_.lock())) mark_age();
  return done;
}

// False: nothing to do, or the disk does not take it.
bool SpoolImpl::commit(Sync sync) {
  const auto batch = take_batch();
  stores_together_ = static_cast<std::size_t>(std::count_if(batch.begin(), batch.end(), is_store));
  const bool probe = !shared_.lock()->counters.accepting;  // a fresh segment tells whether the disk is well again
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

Operations SpoolImpl::take_batch() {
  Operations batch;
  std::vector<std::function<void()>> answers;
  {
    auto shared = shared_.lock();
    std::uint64_t octets = 0;
    while (!shared->waiting.empty() && octets < kMaxBatch) {
      auto operation = std::move(shared->waiting.front());
      shared->waiting.pop_front();
      if (is_urgent(*operation)) --shared->urgent;
      if (!admit(*shared, operation, answers)) continue;
      octets += operation->header.size();
      batch.push_back(std::move(operation));
    }
    shared->first_lazy = std::chrono::steady_clock::now();
  }
  for (const auto& answer : answers) answer();
  return batch;
}

bool SpoolImpl::admit(Shared& shared, const OperationPtr& operation, std::vector<std::function<void()>>& answers) {
  if (is_store(operation)) return admit_store(shared, operation, answers);
  if (operation->kind != Operation::Kind::change || operation->header.sequence != 0) return true;
  if (auto* entry = shared.index.find(operation->id())) {
    operation->header.sequence = ++entry->sequence;
    return true;
  }
  hide(shared, operation);
  if (operation->done)
    answers.push_back([operation] { operation->done(Error::permanent("there is no message " + operation->id().to_string())); });
  return false;
}

bool SpoolImpl::admit_store(Shared& shared, const OperationPtr& operation, std::vector<std::function<void()>>& answers) {
  const auto refuse_with = [&](Error error) {
    answers.push_back([operation, error = std::move(error)] { operation->stored(error); });
    if (operation->header.type == RecordType::accepted_file) shared.to_remove.push_back(operation->id());
    return false;
  };
  if (!shared.counters.accepting) return refuse_with(Error::transient(shared.counters.not_accepting_because));
  if (operation->drop_name.empty()) return true;
  const auto known = shared.index.drops.find(operation->drop_name);
  if (known != shared.index.drops.end()) {
    if (operation->header.type == RecordType::accepted_file) shared.to_remove.push_back(operation->id());
    answers.push_back([operation, id = known->second] { operation->stored(id); });
    return false;
  }
  if (shared.drops_in_progress.insert(operation->drop_name).second) return true;
  return refuse_with(Error::transient("the drop file " + operation->drop_name + " is just being stored"));
}

Status SpoolImpl::write(const Operations& operations) {
  std::vector<JournalRecord> records;
  for (const auto& operation : operations)
    records.push_back({operation->header, operation->content ? std::string_view(*operation->content) : "", operation->meta});
  std::vector<Location> locations;
  auto status = journal_.write(records, locations);
  for (std::size_t i = 0; i < locations.size(); ++i) operations[i]->location = locations[i];
  const auto& current = journal_.current();
  if (current.number == 0) return status;
  auto shared = shared_.lock();
  auto& segment = shared->index.segments[current.number];
  segment.file = current.file;
  segment.size = current.size;
  segment.number = current.number;
  return status;
}

Status SpoolImpl::write_and_sync(const Operations& operations) {
  // In pieces: all together could be more than one segment may hold.
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

// Nothing that was not synced counts: messages are refused, what is already true (outcomes, actions) goes into a fresh segment.
void SpoolImpl::after_failure(const Error& error, const Operations& batch) {
  journal_.abandon();
  ++failures_;
  report("the journal took no more: " + error.message);
  Operations stores, rest = std::exchange(unsynced_, {});
  for (const auto& operation : batch) (is_store(operation) ? stores : rest).push_back(operation);
  refuse(stores, error);
  if (!rest.empty())
    go_on_in_fresh_segment(rest);
  else if (failures_ >= kFailuresBeforeStop)
    stop_accepting(error);
}

void SpoolImpl::go_on_in_fresh_segment(const Operations& rest) {
  const auto status = write_and_sync(rest);
  if (status) return finish(rest);
  journal_.abandon();
  stop_accepting(status.error());
  put_back(rest);
}

void SpoolImpl::refuse(const Operations& stores, const Error& error) {
  {
    auto shared = shared_.lock();
    for (const auto& store : stores) {
      shared->drops_in_progress.erase(store->drop_name);
      // Its record may be on disk and is void only when a fresh segment says so: until then a record without file would look like a loss.
      if (store->header.type == RecordType::accepted_file) refused_large_.push_back(store->id());
    }
  }
  for (const auto& store : stores) store->stored(Error::transient(error.message));
}

void SpoolImpl::put_back(const Operations& operations) {
  auto shared = shared_.lock();
  shared->waiting.insert(shared->waiting.begin(), operations.begin(), operations.end());
  shared->urgent +=
      static_cast<std::size_t>(std::count_if(operations.begin(), operations.end(), [](const auto& o) { return is_urgent(*o); }));
}

void SpoolImpl::stop_accepting(const Error& error) {
  auto shared = shared_.lock();
  shared->counters.accepting = false;
  shared->counters.not_accepting_because = "the spool " + paths_.root.string() + " cannot be written: " + error.message;
}

void SpoolImpl::finish(const Operations& operations) {
  failures_ = 0;
  {
    auto shared = shared_.lock();
    ++shared->counters.syncs;
    shared->counters.accepting = true;
    shared->counters.not_accepting_because.clear();
    for (const auto& operation : operations) {
      if (operation->kind == Operation::Kind::store) finish_store(*shared, *operation);
      if (operation->kind == Operation::Kind::change) finish_change(*shared, operation);
      if (operation->kind == Operation::Kind::site) finish_site(*shared, *operation);
    }
    shared->to_remove.insert(shared->to_remove.end(), refused_large_.begin(), refused_large_.end());
    refused_large_.clear();
    shared->index.forget(options_.ended_kept);
    shared->sealed_below = journal_.current().number;
  }
  for (const auto& operation : operations) {
    if (operation->stored) operation->stored(operation->id());
    if (operation->done) operation->done({});
  }
}

void SpoolImpl::finish_store(Shared& shared, Operation& operation) {
  const auto id = operation.id();
  auto& entry = shared.index.add(id, operation.owner, operation.recipients, operation.weight);
  if (operation.header.type == RecordType::accepted) {
    entry.set_accepted(operation.location);
    shared.index.segments[operation.location.segment].touched.add(id);
  } else {
    shared.to_place.push_back(id);
  }
  if (!operation.drop_name.empty()) {
    shared.drops_in_progress.erase(operation.drop_name);
    shared.index.drops[operation.drop_name] = id;
  }
  if (operation.message) shared.fresh.add(std::move(operation.message));
  ++shared.counters.stored;
  for (const auto& notice : operation.notice_for) {
    auto* told_entry = shared.index.find(notice.message);
    if (!told_entry || told_entry->ended) continue;
    shared.index.add_later(notice.message, *told_entry, operation.location);
    told_entry->stages().apply(Told{notice.recipients, notice.kind, operation.time});
    end_if_finished(shared, notice.message, *told_entry);
  }
}

void SpoolImpl::finish_change(Shared& shared, const OperationPtr& operation) {
  hide(shared, operation);
  auto* entry = shared.index.find(operation->id());
  if (!entry) return;
  entry->stages().apply(operation->change);
  if (const auto ended = entry->remembered()) {
    auto message = std::make_shared<Message>(*ended);
    apply_change(*message, operation->change);
    shared.index.remember(operation->id(), *entry, std::move(message), options_.ended_octets);
    return;
  } else {
    shared.index.add_later(operation->id(), *entry, operation->location);
  }
  end_if_finished(shared, operation->id(), *entry);
}

void SpoolImpl::finish_site(Shared& shared, Operation& operation) {
  const std::string& name = operation.site.site;
  if (!shared.recovered) shared.sites_recorded.insert(name);
  if (operation.site.failures == 0)
    shared.index.sites.erase(name);
  else
    shared.index.sites.set(operation.site, operation.location);
}

// The Ended record is a hint for the reader: what ends a message are the states that are already durable.
void SpoolImpl::end_if_finished(Shared& shared, QueueId id, Entry& entry) {
  if (entry.ended || !entry.stages().finished()) return;
  const auto now = options_.wall();
  shared.index.end(id, entry, now);
  ++shared.counters.ended;
  if (entry.accepted().segment == 0) shared.to_remove.push_back(id);
  auto operation = std::make_shared<Operation>();
  operation->kind = Operation::Kind::ended;
  operation->meta = encode_ended(now);
  operation->header.type = RecordType::ended;
  operation->header.id = id.value;
  operation->header.meta_size = static_cast<std::uint32_t>(operation->meta.size());
  operation->header.meta_crc = crc32c(operation->meta);
  if (shared.waiting.size() == shared.urgent) shared.first_lazy = std::chrono::steady_clock::now();
  shared.waiting.push_back(std::move(operation));
}

// At the end: whoever still waits learns that it is not durable.
void SpoolImpl::answer_rest() {
  std::deque<OperationPtr> rest;
  {
    auto shared = shared_.lock();
    rest.swap(shared->waiting);
    rest.insert(rest.end(), shared->until_recovered.begin(), shared->until_recovered.end());
    shared->until_recovered.clear();
    for (auto& large : shared->large) rest.push_back(std::move(large.operation));
    shared->large.clear();
  }
  const auto error = Error::transient("the spool " + paths_.root.string() + " is being closed");
  for (const auto& operation : rest) {
    if (operation->stored) operation->stored(error);
    if (operation->done) operation->done(error);
  }
}

}  // namespace mxpress::queue
