// Reads messages, including changes that are not durable yet.
#include "queue/spool_reader.h"

#include <algorithm>

#include "queue/cached_file.h"
#include "queue/guarded.h"
#include "queue/index.h"
#include "queue/journal.h"
#include "queue/message_records.h"
#include "queue/message_table.h"
#include "queue/spool_context.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kFewRecords = 8;  // of one message: the most that a non-blocking read looks at

void apply_all(Message& message, const Operations& changes) {
  for (const auto& operation : changes) apply_change(message, operation->change);
}

}  // namespace

Result<RawMessage> SpoolReader::read(const Snapshot& from) const {
  auto raw = read_raw(context_.disk, context_.paths, from);
  if (raw) report_damage(raw->id, raw->damaged);
  return raw;
}

void SpoolReader::report_damage(QueueId id, const std::vector<Location>& damaged) const {
  for (const auto location : damaged)
    context_.report(id.to_string() + ": damage in " + segment_path(context_.paths.journal(), location.segment).string() + " at " +
                    std::to_string(location.offset()) + ": a part of what was tried for this message is forgotten");
}

Result<Message> SpoolReader::load(QueueId id) const {
  // Tries again if the housekeeper moved the message during the read.
  for (int attempt = 0;; ++attempt) {
    auto table = table_.lock();
    auto* entry = table->index().find(id);
    if (!entry) return Error::permanent("there is no message " + id.to_string());
    const Operations changes = table->pending_changes(id);
    if (auto message = table->remembered(*entry, changes)) return std::move(*message);
    const bool ended = entry->ended;
    const auto ended_at = ended ? entry->ended_at() : WallTime{};
    const auto from = snapshot(table->index(), id, *entry);
    table.unlock();

    auto read = read_message(context_.disk, context_.paths, from);
    if (!read && read.error().is_transient() && attempt < 3) continue;
    if (!read) return read.error();
    report_damage(id, read->damaged);
    Message message = std::move(read->message);
    apply_all(message, changes);
    message.ended = ended;
    message.ended_at = ended_at;
    if (ended) message.content.reset();
    return message;
  }
}

// Approximate memory for decoding: the envelope as bytes, as protobuf and as values, and the states in the message file.
std::uint64_t SpoolReader::octets_to_load(QueueId id) const {
  constexpr std::uint64_t kEach = 16 * 1024, kRecipient = 1024, kState = 256;
  auto table = table_.lock();
  auto* entry = table->index().find(id);
  if (!entry) return kEach;
  const bool is_in_file = entry->accepted().segment == 0;
  const std::uint64_t states = is_in_file ? std::min(entry->sequence * kState, context_.options.longest_states) : 0;
  return kEach + entry->recipients() * kRecipient + states;
}

std::size_t SpoolReader::recipients_of(QueueId id) const {
  auto table = table_.lock();
  const auto* entry = table->index().find(id);
  return entry ? entry->recipients() : 0;
}

std::optional<Message> SpoolReader::load_if_cached(QueueId id) const {
  Operations changes;
  auto from = snapshot_if_cached(id, changes);
  if (!from) return std::nullopt;
  auto read = read_message(context_.disk, context_.paths, *from);
  if (!read || !read->damaged.empty()) return std::nullopt;
  Message message = std::move(read->message);
  if (message.content->size() > kSmallContent) return std::nullopt;
  auto content = checked(message.content);
  if (!content) return std::nullopt;
  message.content = std::move(*content);
  apply_all(message, changes);
  return message;
}

// For a message in the journal; its files are read only as far as they are in memory.
std::optional<Snapshot> SpoolReader::snapshot_if_cached(QueueId id, Operations& changes) const {
  std::optional<Snapshot> from;
  {
    auto table = table_.lock();
    const auto* entry = table->index().find(id);
    if (!entry || entry->ended || entry->accepted().segment == 0) return std::nullopt;
    if (entry->more() && entry->more()->later.size() > kFewRecords) return std::nullopt;
    changes = table->pending_changes(id);
    from = snapshot(table->index(), id, *entry);
  }
  for (auto& [number, file] : from->files) file = only_cached(file);
  return from;
}

std::vector<QueueId> SpoolReader::ids(bool with_ended) const {
  std::vector<QueueId> out;
  auto table = table_.lock();
  const Index& index = table->index();
  out.reserve(index.entries.size());
  index.entries.for_each([&out](QueueId id, const Entry& entry) {
    if (!entry.ended) out.push_back(id);
  });
  const std::vector<QueueId> ended = with_ended ? index.ended.ids() : std::vector<QueueId>{};
  table.unlock();  // sorts up to a million without the lock
  std::sort(out.begin(), out.end());
  out.insert(out.end(), ended.begin(), ended.end());
  return out;
}

std::optional<QueueId> SpoolReader::oldest() const {
  std::optional<QueueId> oldest;
  table_.lock()->index().entries.for_each([&oldest](QueueId id, const Entry& entry) {
    if (!entry.ended && (!oldest || id < *oldest)) oldest = id;
  });
  return oldest;
}

}  // namespace mxpress::queue
