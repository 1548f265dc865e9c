// The housekeeper: finishes large messages, removes ended ones, and moves what the oldest journal segment still holds into message files.
#include <algorithm>

#include "queue/codec.h"
#include "queue/quarantine.h"
#include "queue/spool_impl.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kMaxSegments = 16;                      // each is an open file
constexpr std::size_t kTogether = 16;                         // message files, each open, that are synced one after the other
constexpr std::size_t kMaxAppended = 8;                       // states; each is a sync, with more the whole file is rewritten
constexpr std::size_t kManySegments = 500;                    // with so many the housekeeper does not rest
constexpr auto kLongestTurn = std::chrono::milliseconds(20);  // before it asks whether others need the disk
constexpr int kRest = 7;                                      // times as long as it worked
constexpr auto kLongestRest = std::chrono::seconds(1);        // then the mail may have stopped coming
constexpr auto kRound = std::chrono::milliseconds(100);       // between looks at a journal that could not be shortened

std::uint64_t octets_of(const std::vector<StoredChange>& changes) {
  std::uint64_t octets = 0;
  for (const auto& stored : changes) octets += kRecordHeader + encode(stored.change).size();
  return octets;
}

}  // namespace

void SpoolImpl::run_housekeeper() {
  for (;;) {
    {
      auto shared = shared_.lock();
      // After a round that could not shorten the journal the next one waits a while.
      const auto next_round = std::chrono::steady_clock::now() + kRound;
      while (!shared->stop_housekeeper && !housework_waits(*shared)) {
        if (journal_is_full(*shared) && std::chrono::steady_clock::now() >= next_round) break;
        housework_.wait_for(shared.native(), kRound);
      }
      if (shared->stop_housekeeper && !housework_waits(*shared)) return;
    }
    do_housework();
    checkpoint();
    auto shared = shared_.lock();
    if (shared->stop_housekeeper) return;
  }
}

void SpoolImpl::do_housework() {
  finish_large_stores();
  place_large_files();
  remove_ended_files();
  if (age_is_to_be_marked(*shared_.lock())) mark_age();
}

bool SpoolImpl::housework_waits(const Shared& shared) const {
  return !shared.large.empty() || !shared.to_place.empty() || !shared.to_remove.empty() || age_is_to_be_marked(shared);
}

bool SpoolImpl::journal_is_full(const Shared& shared) const {
  return shared.recovered && !shared.keep_segments && shared.index.oldest_segment() < shared.sealed_below &&
         (shared.index.journal_octets() > options_.journal_size || shared.index.segments.size() > kMaxSegments);
}

// Without mail there is nothing that grows old.
bool SpoolImpl::age_is_to_be_marked(const Shared& shared) const {
  return shared.index.entries.size() != shared.index.ended.size() && age_clock_.mark_is_due();
}

void SpoolImpl::mark_age() {
  if (auto s = age_clock_.mark(); !s) report("the age of the mail cannot be recorded: " + s.error().message);
}

Status SpoolImpl::make_message_folder(QueueId id) {
  const auto folder = paths_.folder(id);
  if (known_folders_.contains(folder)) return {};
  if (auto s = disk_.make_folder(folder); !s) return s;
  if (auto s = disk_.sync_folder(paths_.messages()); !s) return s;
  known_folders_.insert(folder);
  return {};
}

void SpoolImpl::finish_large_stores() {
  auto stores = std::exchange(shared_.lock()->large, {});
  for (auto& store : stores) {
    const auto status = finish_large(store);
    store.writer.reset();
    if (!status) {
      store.operation->stored(Error::transient(status.error().message));
      continue;
    }
    auto shared = shared_.lock();
    enqueue(shared, std::move(store.operation));
  }
}

// Complete and durable under its id in incoming/; it gets its place when its Accepted record is durable, too.
Status SpoolImpl::finish_large(LargeStore& store) {
  const auto id = store.operation->id();
  if (auto s = store.writer->finish(id, store.operation->meta, {}); !s) return s;
  if (auto s = store.writer->publish(paths_.large(id)); !s) return s;
  auto status = disk_.sync_folder(paths_.incoming());
  if (!status) (void)disk_.remove(paths_.large(id));
  return status;
}

void SpoolImpl::place_large_files() {
  const auto ids = std::exchange(shared_.lock()->to_place, {});
  for (const auto id : ids) {
    {
      auto shared = shared_.lock();
      if (const auto* entry = shared->index.find(id); !entry || entry->ended) continue;
    }
    auto status = make_message_folder(id);
    if (status) status = disk_.rename(paths_.large(id), paths_.file(id));
    if (status) {
      dirty_folders_.insert(paths_.folder(id));
      continue;
    }
    report("a large message stays in incoming/ for now: " + status.error().message);
    shared_.lock()->keep_segments = true;  // its record in the journal is what recovery finds it by
  }
}

void SpoolImpl::remove_ended_files() {
  auto ids = std::exchange(unremoved_, {});
  const auto fresh = std::exchange(shared_.lock()->to_remove, {});
  ids.insert(ids.end(), fresh.begin(), fresh.end());
  for (const auto id : ids) {
    std::optional<Snapshot> from;
    {
      auto shared = shared_.lock();
      if (auto* entry = shared->index.find(id)) from = snapshot(shared->index, id, *entry);
    }
    if (from) remember_ended(id, *from);
    auto status = remove_if_there(paths_.file(id));
    if (status) status = remove_if_there(paths_.large(id));
    if (status) continue;
    report(status.error().message);
    unremoved_.push_back(id);
  }
}

Status SpoolImpl::remove_if_there(const Path& path) {
  const auto there = disk_.exists(path);
  if (!there) return there.error();
  if (!*there) return {};
  dirty_folders_.insert(path.parent_path());
  return disk_.remove(path);
}

// Keeps in memory what `mxpress show` tells of an ended message whose records go.
void SpoolImpl::remember_ended(QueueId id, const Snapshot& from) {
  auto raw = read(from);
  auto shared = shared_.lock();
  auto* entry = shared->index.find(id);
  if (!entry || !entry->ended || entry->remembered()) return;
  if (!raw) {
    std::erase(shared->index.ended, id);
    shared->index.erase(id);
    return;
  }
  auto message = std::make_shared<Message>(to_message(std::move(*raw)));
  message->content.reset();
  message->ended = true;
  message->ended_at = entry->ended_at();
  entry->history().later = {};
  entry->set_accepted({});
  shared->index.remember(id, *entry, std::move(message), options_.ended_octets);
}

void SpoolImpl::checkpoint() {
  for (;;) {
    std::uint32_t oldest = 0;
    {
      auto shared = shared_.lock();
      if (shared->stop_housekeeper || !journal_is_full(*shared)) return;
      oldest = shared->index.oldest_segment();
    }
    do_housework();
    if (!unremoved_.empty()) return;     // without the journal they would be taken for waiting mail
    if (rerecord_sites(oldest)) return;  // the next round finds them in a newer segment
    auto status = move_out(oldest);
    if (!unremoved_.empty()) return;
    if (status) status = sync_dirty_folders();
    if (status) status = drop(oldest);
    if (status) continue;
    if (!shared_.lock()->stop_housekeeper) report("the journal cannot be shortened now: " + status.error().message);
    return;
  }
}

// True if there were some that are not in a newer segment yet.
bool SpoolImpl::rerecord_sites(std::uint32_t segment) {
  std::vector<std::string> sites;
  {
    auto shared = shared_.lock();
    shared->index.sites.forget_old(options_.wall());
    sites = shared->index.sites.in_segment(segment);
  }
  bool all = true;
  for (const auto& site : sites) all = rerecord_site(site, segment) && all;
  if (sites.empty() || !all || mode_ == Committer::thread) return !sites.empty();
  return !commit(Sync::yes);
}

// False: the disk does not give it now.
bool SpoolImpl::rerecord_site(const std::string& name, std::uint32_t segment) {
  auto shared = shared_.lock();
  const auto* site = shared->index.sites.find(name);
  if (!site || site->location.segment != segment) return true;  // there is news of it since
  auto record = read_site(shared->index, site->location);
  if (record) {
    enqueue(shared, site_operation(std::move(*record)));
    return true;
  }
  report("the trouble of " + name + " cannot be read: " + record.error().message);
  if (record.error().is_transient()) return false;
  shared->index.sites.erase(name);
  return true;
}

Status SpoolImpl::move_out(std::uint32_t segment) {
  auto touched = shared_.lock()->index.segments[segment].touched.ids();
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  Status status;
  MovedFiles files;
  auto begun = std::chrono::steady_clock::now();
  for (const auto id : touched) {
    if (shared_.lock()->stop_housekeeper) status = Error::transient("the spool is being closed");
    finish_large_stores();  // somebody waits for them
    if (status) status = move_out(segment, id, files);
    if (!status) break;
    if (files.size() < kTogether && std::chrono::steady_clock::now() - begun < kLongestTurn) continue;
    status = publish(std::exchange(files, {}));
    if (!status) break;
    make_way(std::chrono::steady_clock::now() - begun);
    do_housework();  // not while there are files that are not published: what has ended must not change under them
    begun = std::chrono::steady_clock::now();
  }
  const Status rest = publish(std::move(files));  // after an error, too: what is complete need not be written again in the next round
  return status ? rest : status;
}

// While mail comes in, and the disk has room for a journal that grows, the housekeeper rests most of the time: what it does not move now it
// can move later, or need not move at all.
void SpoolImpl::make_way(std::chrono::nanoseconds worked) {
  const auto room = room_seen_.lock()->room;
  auto shared = shared_.lock();
  const auto before = std::exchange(stored_before_, shared->counters.stored);
  const bool is_busy = before != stored_before_ && !shared->stop_housekeeper;
  const bool may_grow = shared->index.segments.size() < kManySegments && room && room->bytes / 4 > shared->index.journal_octets();
  if (is_busy && may_grow && mode_ == Committer::thread)
    housework_.wait_for(shared.native(), std::min<std::chrono::nanoseconds>(kRest * worked, kLongestRest),
                        [&shared] { return shared->stop_housekeeper || !shared->large.empty(); });
}

// What has been written to `files` counts when it is published.
Status SpoolImpl::move_out(std::uint32_t segment, QueueId id, MovedFiles& files) {
  std::optional<Snapshot> from;
  bool ended = false;
  {
    auto shared = shared_.lock();
    auto* entry = shared->index.find(id);
    if (!entry) return {};
    ended = entry->ended;
    from = snapshot(shared->index, id, *entry);
  }
  if (!from->uses(segment)) return {};
  if (ended) {
    remember_ended(id, *from);
    return {};
  }
  auto raw = read(*from);
  if (!raw && raw.error().is_transient()) return raw.error();
  if (!raw) {
    set_aside(id, *from, raw.error());
    return {};
  }
  for (const auto location : raw->damaged) keep_record(*from, location, kPage);
  count_corrupt(raw->damaged.size());
  const bool is_long = octets_of(raw->changes) > options_.longest_states;
  if (is_long) shorten(raw->changes);
  if (is_long && octets_of(raw->changes) > kMaxStates) shorten_words(raw->changes);
  const bool is_anew =
      from->accepted.segment != 0 || is_long || from->is_file_doubtful || raw->changes.size() > raw->in_file + kMaxAppended;
  if (!is_anew && append_changes(*raw)) {
    moved(*from);
    return {};
  }
  auto writer = write_message_file(*raw);
  if (!writer) return writer.error();
  files.push_back({std::move(*from), std::move(*writer)});
  return {};
}

// Their content is on its way to the disk already: the first sync waits for most of all, and each file still tells its own errors. Names
// come afterwards, because each would be one more thing for the next sync to wait for.
// A group of which one failed is given up: a sync that is repeated may succeed without having written anything.
Status SpoolImpl::publish(MovedFiles files) {
  for (auto& file : files)
    if (auto s = file.writer->sync(); !s) return s;
  for (auto& [from, writer] : files) {
    if (auto s = writer->publish(paths_.file(from.id)); !s) return s;
    dirty_folders_.insert(paths_.folder(from.id));
    moved(from);
  }
  return {};
}

// After a failed append nobody knows what the file holds: the caller writes a fresh one.
Status SpoolImpl::append_changes(const RawMessage& raw) {
  const std::vector<StoredChange> fresh(raw.changes.begin() + static_cast<std::ptrdiff_t>(raw.in_file), raw.changes.end());
  return append_to_message_file(disk_, paths_.file(raw.id), raw.id, fresh);
}

Result<std::unique_ptr<MessageFileWriter>> SpoolImpl::write_message_file(const RawMessage& raw) {
  if (auto s = make_message_folder(raw.id); !s) return s.error();
  const auto name = std::to_string(run_) + "-" + std::to_string(++next_part_) + ".part";
  auto writer = MessageFileWriter::create(disk_, paths_, name, options_.random());
  if (!writer) return writer.error();
  if (auto s = (*writer)->append(*file_content(raw.file, raw.accepted)); !s) return s.error();
  if ((*writer)->content_crc() != raw.accepted.content_crc) {
    report(raw.id.to_string() + ": the content is damaged; it will not be sent, and the sender will be told");
    (*writer)->keep_crc(raw.accepted.content_crc);
  }
  if (auto s = (*writer)->finish(raw.id, raw.meta_bytes, raw.changes); !s) return s.error();
  return std::move(*writer);
}

void SpoolImpl::moved(const Snapshot& from) {
  auto shared = shared_.lock();
  auto* entry = shared->index.find(from.id);
  if (!entry || entry->ended) shared->to_remove.push_back(from.id);
  if (entry) entry->moved(from.later.size());
}

// Damage: what can still be read of the message is kept for the operator, and the rest of the mail goes on.
void SpoolImpl::set_aside(QueueId id, const Snapshot& from, const Error& error) {
  report(id.to_string() + " is set aside in " + paths_.corrupt().string() + ": " + error.message);
  if (from.files.contains(from.accepted.segment)) {
    keep_record(from, from.accepted, kRecordHeader + 2 * kInlineContent);  // with a long envelope
  } else if (auto aside = move_to_corrupt(disk_, paths_, paths_.file(id), id.to_string()); !aside) {
    report(aside.error().message);
  }
  auto shared = shared_.lock();
  ++shared->counters.corrupt;
  shared->index.erase(id);
}

// `octets`: where it does not say itself how long it is.
void SpoolImpl::keep_record(const Snapshot& from, Location location, std::uint64_t octets) {
  const auto& file = *from.files.at(location.segment);
  const auto begin = location.offset();
  keep_damaged(std::to_string(location.segment), file, begin, begin + size_of_record(file, location, octets));
}

// Without the copy the damaged octets themselves must stay.
void SpoolImpl::keep_damaged(const std::string& name, const File& file, std::uint64_t begin, std::uint64_t end) {
  const auto kept = copy_to_corrupt(disk_, paths_, name + "-" + std::to_string(begin), file, begin, end);
  if (kept) return;
  report("damage cannot be kept, so no segment of the journal is removed in this run: " + kept.error().message);
  shared_.lock()->keep_segments = true;
}

Status SpoolImpl::sync_dirty_folders() {
  for (const auto& folder : dirty_folders_) {
    auto status = disk_.sync_folder(folder);
    if (status) continue;
    shared_.lock()->keep_segments = true;  // a second sync could succeed without having written what the first one lost
    return status;
  }
  dirty_folders_.clear();
  return {};
}

// One after the other, each durable before the next: an older segment must never outlive a newer one that ends its messages.
Status SpoolImpl::drop(std::uint32_t segment) {
  {
    auto shared = shared_.lock();
    if (shared->keep_segments) return {};  // since this round began
    shared->index.segments.erase(segment);
  }
  auto status = disk_.remove(segment_path(paths_.journal(), segment));
  if (status) status = disk_.sync_folder(paths_.journal());
  if (!status) shared_.lock()->keep_segments = true;
  return status;
}

}  // namespace mxpress::queue
