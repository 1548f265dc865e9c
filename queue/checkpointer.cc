// Moves messages out of the journal.
#include "queue/checkpointer.h"

#include <algorithm>
#include <utility>

#include "queue/codec.h"
#include "queue/commit_queue.h"
#include "queue/disk_room.h"
#include "queue/guarded.h"
#include "queue/housework.h"
#include "queue/housework_list.h"
#include "queue/index.h"
#include "queue/journal.h"
#include "queue/message_file.h"
#include "queue/message_folders.h"
#include "queue/message_records.h"
#include "queue/message_table.h"
#include "queue/quarantine.h"
#include "queue/segment_file.h"
#include "queue/segment_hold.h"
#include "queue/sites.h"
#include "queue/spool_context.h"
#include "queue/spool_reader.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kMaxSegments = 16;                      // each is an open file
constexpr std::size_t kTogether = 16;                         // message files, each open, that are synced in one group
constexpr std::size_t kMaxAppended = 8;                       // states; each costs a sync, so with more the whole file is rewritten
constexpr std::size_t kManySegments = 500;                    // with so many the housekeeper does not rest
constexpr auto kLongestTurn = std::chrono::milliseconds(20);  // before it asks whether others need the disk
constexpr int kRest = 7;                                      // times as long as it worked
constexpr auto kLongestRest = std::chrono::seconds(1);        // then the mail may have stopped coming

std::uint64_t octets_of(const std::vector<StoredChange>& changes) {
  std::uint64_t octets = 0;
  for (const auto& stored : changes) octets += kRecordHeader + encode(stored.change).size();
  return octets;
}

}  // namespace

struct Checkpointer::MovedFile {
  Snapshot from;
  std::unique_ptr<MessageFileWriter> writer;
};

Checkpointer::Checkpointer(const SpoolContext& context, Parts parts, std::function<bool()> commit)
    : context_(context), parts_(parts), commit_(std::move(commit)) {}

Checkpointer::~Checkpointer() = default;

bool Checkpointer::is_due() { return segment_to_remove().has_value(); }

std::optional<std::uint32_t> Checkpointer::segment_to_remove() {
  if (parts_.hold.is_set()) return std::nullopt;
  auto table = parts_.table.lock();
  const auto oldest = table->oldest_sealed_segment();
  const Index& index = table->index();
  const bool is_long = index.journal_octets() > context_.options.journal_size || index.segments.size() > kMaxSegments;
  return is_long ? oldest : std::nullopt;
}

void Checkpointer::run() {
  while (!parts_.list.is_stopping()) {
    const auto oldest = segment_to_remove();
    if (!oldest) return;
    parts_.housework.work();
    if (parts_.housework.has_unremoved()) return;
    if (rerecord_sites(*oldest)) return;  // the next round finds them in a newer segment
    const auto status = remove_segment(*oldest);
    if (parts_.housework.has_unremoved()) return;
    if (status) continue;
    if (!parts_.list.is_stopping()) context_.report("the journal cannot be shortened now: " + status.error().message);
    return;
  }
}

Status Checkpointer::remove_segment(std::uint32_t segment) {
  auto status = move_out(segment);
  if (parts_.housework.has_unremoved()) return {};
  if (status) status = parts_.folders.sync();
  if (status) status = drop(segment);
  return status;
}

// True if the segment had records of sites that are not yet in a newer segment.
bool Checkpointer::rerecord_sites(std::uint32_t segment) {
  std::vector<std::string> sites;
  {
    auto table = parts_.table.lock();
    table->sites().forget_old(context_.options.wall());
    sites = table->sites().in_segment(segment);
  }
  bool all = true;
  for (const auto& site : sites) all = rerecord_site(site, segment) && all;
  if (sites.empty() || !all || !commit_) return !sites.empty();
  return !commit_();
}

// False: the disk does not take it now.
bool Checkpointer::rerecord_site(const std::string& name, std::uint32_t segment) {
  auto table = parts_.table.lock();
  const auto* site = table->sites().find(name);
  if (!site || site->location.segment != segment) return true;  // a newer record exists
  auto record = read_site(table->index(), site->location);
  if (record) {
    parts_.queue.push(site_operation(std::move(*record)));
    return true;
  }
  context_.report("the backoff of " + name + " cannot be read: " + record.error().message);
  if (record.error().is_transient()) return false;
  table->sites().erase(name);
  return true;
}

std::vector<QueueId> Checkpointer::messages_in(std::uint32_t segment) {
  auto ids = parts_.table.lock()->index().segments[segment].touched.ids();
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

Status Checkpointer::move_out(std::uint32_t segment) {
  Status status;
  MovedFiles files;
  auto begun = std::chrono::steady_clock::now();
  for (const auto id : messages_in(segment)) {
    if (parts_.list.is_stopping()) status = Error::transient("the spool is being closed");
    parts_.housework.finish_large_stores();  // somebody waits for them
    if (status) status = move_out(segment, id, files);
    if (!status) break;
    if (files.size() < kTogether && std::chrono::steady_clock::now() - begun < kLongestTurn) continue;
    status = publish(std::exchange(files, {}));
    if (!status) break;
    make_way(std::chrono::steady_clock::now() - begun);
    parts_.housework.work();  // only without unpublished files: ended messages must not change under them
    begun = std::chrono::steady_clock::now();
  }
  const Status rest = publish(std::move(files));  // also after an error: complete files need not be written again in the next round
  return status ? rest : status;
}

// While mail comes in and the disk has room for a longer journal, the housekeeper rests most of the time: messages that it does not move
// now can be moved later, or end before they have to be moved.
void Checkpointer::make_way(std::chrono::nanoseconds worked) {
  const auto room = parts_.room.last_seen();
  auto table = parts_.table.lock();
  const auto before = std::exchange(stored_before_, table->counters.stored);
  const bool is_busy = before != stored_before_;
  const Index& index = table->index();
  const bool may_grow = index.segments.size() < kManySegments && room && room->bytes / 4 > index.journal_octets();
  table.unlock();
  if (is_busy && may_grow && !commit_) parts_.list.rest(std::min<std::chrono::nanoseconds>(kRest * worked, kLongestRest));
}

// The message counts as moved once `files` are published.
Status Checkpointer::move_out(std::uint32_t segment, QueueId id, MovedFiles& files) {
  std::optional<Snapshot> from;
  bool ended = false;
  {
    auto table = parts_.table.lock();
    auto* entry = table->index().find(id);
    if (!entry) return {};
    ended = entry->ended;
    from = snapshot(table->index(), id, *entry);
  }
  if (!from->uses(segment)) return {};
  if (ended) {
    parts_.housework.remember_ended(id, *from);
    return {};
  }
  auto raw = parts_.reader.read(*from);
  if (!raw && raw.error().is_transient()) return raw.error();
  if (!raw) {
    set_aside(id, *from, raw.error());
    return {};
  }
  for (const auto location : raw->damaged) keep_record(*from, location, kPage);
  parts_.table.lock()->counters.corrupt += raw->damaged.size();
  return write(std::move(*from), std::move(*raw), files);
}

// A few new states are appended to the existing file; otherwise the message gets a new file.
Status Checkpointer::write(Snapshot from, RawMessage raw, MovedFiles& files) {
  const bool is_long = octets_of(raw.changes) > context_.options.longest_states;
  if (is_long) shorten(raw.changes);
  if (is_long && octets_of(raw.changes) > kMaxStates) shorten_words(raw.changes);
  const bool is_new_file =
      from.accepted.segment != 0 || is_long || from.is_file_doubtful || raw.changes.size() > raw.in_file + kMaxAppended;
  if (!is_new_file && append_changes(raw)) {
    note_moved(from);
    return {};
  }
  auto writer = write_file(raw);
  if (!writer) return writer.error();
  files.push_back({std::move(from), std::move(*writer)});
  return {};
}

// The content of all files is already on its way to the disk: the first sync waits for most of it, and each file still reports its own
// errors. Renames come last, because each would add work to the next sync. If one file of the group fails, the group is given up: a
// repeated sync may succeed without having written anything.
Status Checkpointer::publish(MovedFiles files) {
  for (auto& file : files)
    if (auto s = file.writer->sync(); !s) return s;
  for (auto& [from, writer] : files) {
    if (auto s = writer->publish(context_.paths.file(from.id)); !s) return s;
    parts_.folders.note_change(context_.paths.folder(from.id));
    note_moved(from);
  }
  return {};
}

// After a failed append the content of the file is unknown: the caller writes a new file.
Status Checkpointer::append_changes(const RawMessage& raw) {
  const std::vector<StoredChange> fresh(raw.changes.begin() + static_cast<std::ptrdiff_t>(raw.in_file), raw.changes.end());
  return append_to_message_file(context_.disk, context_.paths.file(raw.id), raw.id, fresh);
}

Result<std::unique_ptr<MessageFileWriter>> Checkpointer::write_file(const RawMessage& raw) {
  if (auto s = parts_.folders.make(raw.id); !s) return s.error();
  auto writer = MessageFileWriter::create(context_.disk, context_.paths, context_.part_name(), context_.options.random());
  if (!writer) return writer.error();
  if (auto s = (*writer)->append(*file_content(raw.file, raw.accepted)); !s) return s.error();
  if ((*writer)->content_crc() != raw.accepted.content_crc) {
    context_.report(raw.id.to_string() + ": the content is damaged; it will not be sent, and the sender will be told");
    (*writer)->keep_crc(raw.accepted.content_crc);
  }
  if (auto s = (*writer)->finish(raw.id, raw.meta_bytes, raw.changes); !s) return s.error();
  return std::move(*writer);
}

void Checkpointer::note_moved(const Snapshot& from) {
  auto table = parts_.table.lock();
  auto* entry = table->index().find(from.id);
  if (!entry || entry->ended) parts_.list.add_to_remove(from.id);
  if (entry) entry->moved(from.later.size());
}

// Damage: the readable parts of the message are kept for the operator, and the rest of the mail goes on.
void Checkpointer::set_aside(QueueId id, const Snapshot& from, const Error& error) {
  const auto& paths = context_.paths;
  context_.report(id.to_string() + " is set aside in " + paths.corrupt().string() + ": " + error.message);
  if (from.files.contains(from.accepted.segment)) {
    keep_record(from, from.accepted, kRecordHeader + 2 * kInlineContent);  // with a long envelope
  } else if (auto aside = move_to_corrupt(context_.disk, paths, paths.file(id), id.to_string()); !aside) {
    context_.report(aside.error().message);
  }
  auto table = parts_.table.lock();
  ++table->counters.corrupt;
  table->index().erase(id);
}

// `octets`: used if the record does not tell its own size.
void Checkpointer::keep_record(const Snapshot& from, Location location, std::uint64_t octets) {
  const auto& file = *from.files.at(location.segment);
  const auto begin = location.offset();
  parts_.quarantine.keep(std::to_string(location.segment), file, begin, begin + size_of_record(file, location, octets));
}

// Removes segments one by one, each durable before the next: an older segment must never outlive a newer one that ends its messages.
Status Checkpointer::drop(std::uint32_t segment) {
  if (parts_.hold.is_set()) return {};  // set since this round began
  parts_.table.lock()->index().segments.erase(segment);
  auto status = context_.disk.remove(segment_path(context_.paths.journal(), segment));
  if (status) status = context_.disk.sync_folder(context_.paths.journal());
  if (!status) parts_.hold.set();
  return status;
}

}  // namespace mxpress::queue
