// The entrance of the spool: what comes in waits for the committer; what is asked is answered from memory and disk.
#include "queue/spool.h"

#include <time.h>

#include <algorithm>
#include <random>

#include "queue/at_hand.h"
#include "queue/crc32c.h"
#include "queue/spool_impl.h"
#include "queue/start_thread.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kFewRecords = 8;  // of one message: so many are read by who must not wait

Duration system_time_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return Duration(std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000);
}

SpoolOptions with_defaults(SpoolOptions options) {
  if (!options.wall) options.wall = [] { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); };
  if (!options.since_boot) options.since_boot = system_time_since_boot;
  if (!options.random)
    options.random = [] {
      thread_local std::random_device device;
      return (std::uint64_t{device()} << 32) | device();
    };
  if (!options.report) options.report = [](const std::string&) {};
  if (!options.note) options.note = [](const std::string&) {};
  return options;
}

void set_meta(Operation& operation, std::string meta) {
  operation.meta = std::move(meta);
  operation.header.meta_size = static_cast<std::uint32_t>(operation.meta.size());
  operation.header.meta_crc = crc32c(operation.meta);
}

class Large : public LargeContent {
 public:
  explicit Large(std::unique_ptr<MessageFileWriter> file) : writer(std::move(file)) {}
  Status append(std::string_view bytes) override { return writer->append(bytes); }
  std::uint64_t size() const override { return writer->content_size(); }
  std::unique_ptr<MessageFileWriter> writer;
};

std::string in_mib(std::uint64_t octets) { return std::to_string(octets >> 20) + " MiB"; }

// One answer when the last of several operations is durable, with the first error.
std::function<void(Status)> gather(std::size_t count, std::function<void(Status)> done) {
  if (!done) return {};
  struct Gathered {
    std::mutex mutex;
    std::size_t left;
    Status status;
  };
  auto gathered = std::make_shared<Gathered>();  // shared by the operations
  gathered->left = count;
  return [gathered, done = std::move(done)](Status status) {
    std::unique_lock lock(gathered->mutex);
    if (!status && gathered->status) gathered->status = std::move(status);
    if (--gathered->left != 0) return;
    lock.unlock();
    done(gathered->status);
  };
}

std::shared_ptr<const Message> as_it_came(QueueId id, Accepted accepted, std::shared_ptr<const std::string> content) {
  auto message = std::make_shared<Message>();
  message->id = id;
  message->envelope = std::move(accepted.envelope);
  message->accepted_at = accepted.accepted_at;
  message->recipients.resize(message->envelope.recipients.size());
  message->content = std::make_shared<MemoryContent>(std::move(content));
  return message;
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(Disk& disk, SpoolOptions options, Committer committer) {
  const Paths paths{options.directory};
  auto folder = open_folder(disk, paths);
  if (!folder) return folder.error();
  auto spool = std::make_unique<SpoolImpl>(disk, with_defaults(std::move(options)), std::move(*folder), committer);
  if (auto started = spool->start_threads(); !started) return started.error();
  return std::unique_ptr<Spool>(std::move(spool));
}

SpoolImpl::SpoolImpl(Disk& disk, SpoolOptions options, OpenedFolder folder, Committer committer)
    : disk_(disk),
      options_(std::move(options)),
      paths_{options_.directory},
      lock_(std::move(folder.lock)),
      run_(folder.run),
      old_segments_(std::move(folder.old_segments)),
      mode_(committer),
      age_clock_(disk, paths_.root, {options_.wall, options_.since_boot}),
      journal_(disk, {paths_.journal(), options_.segment_size, run_, folder.next_segment, options_.random}) {
  {
    auto shared = shared_.lock();
    shared->sealed_below = folder.next_segment;
    // Together they fit into one segment: a checkpoint that records them again leaves fewer segments than it found.
    shared->index.sites.limit_octets(options_.segment_size / 2);
    shared->index.waiting_mail.set_limit(options_.memory);
  }
  mark_age();
}

Status SpoolImpl::start_threads() {
  if (mode_ == Committer::manual) return {};
  auto committer = start_thread([this] { run_committer(); });
  if (!committer) return committer.error();
  committer_ = std::move(*committer);
  auto housekeeper = start_thread([this] { run_housekeeper(); });
  if (!housekeeper) return housekeeper.error();
  housekeeper_ = std::move(*housekeeper);
  return {};
}

SpoolImpl::~SpoolImpl() {
  if (mode_ == Committer::thread) {
    shared_.lock()->stop_housekeeper = true;
    housework_.notify_all();
    if (housekeeper_.joinable()) housekeeper_.join();
    shared_.lock()->stopping = true;
    work_.notify_all();
    if (committer_.joinable()) committer_.join();
  } else {
    finish_large_stores();
    (void)commit(Sync::yes);
  }
  answer_rest();
  mark_age();
}

QueueId SpoolImpl::next_id() { return QueueId{(run_ << 40) | ++next_}; }

void SpoolImpl::store(NewMessage message, Stored done) { store_as(next_id(), std::move(message), std::move(done)); }

OperationPtr SpoolImpl::store_operation(QueueId id, NewMessage& message) const {
  auto operation = std::make_shared<Operation>();
  operation->kind = Operation::Kind::store;
  operation->header.type = message.large ? RecordType::accepted_file : RecordType::accepted;
  operation->header.id = id.value;
  operation->time = message.envelope.submitted;
  operation->recipients = message.envelope.recipients.size();
  operation->owner = MessageOwner(message.envelope.submitter);
  operation->weight = weight_of(message.envelope);
  Accepted accepted{std::move(message.envelope), message.drop_name, message.notice_for, age_clock_.now()};
  set_meta(*operation, encode(accepted));
  operation->content = std::make_shared<const std::string>(std::move(message.content));
  operation->header.content_size = operation->content->size();
  operation->header.content_crc = crc32c(*operation->content);
  if (!message.large) operation->message = as_it_came(id, std::move(accepted), operation->content);
  operation->notice_for = std::move(message.notice_for);
  operation->drop_name = std::move(message.drop_name);
  return operation;
}

void SpoolImpl::store_as(QueueId id, NewMessage message, Stored done) {
  if (message.envelope.recipients.empty()) return done(Error::permanent("a message without recipients cannot be kept"));
  auto operation = store_operation(id, message);
  operation->stored = std::move(done);
  if (auto s = check_sizes(operation->meta.size(), operation->content->size()); !s) return operation->stored(s.error());
  if (auto s = room_now(operation->meta.size() + operation->content->size()); !s) return operation->stored(s.error());
  auto shared = shared_.lock();
  if (auto s = room_in_memory(*shared, *operation); !s) {
    shared.unlock();
    return operation->stored(s.error());
  }
  if (!message.large) return enqueue(shared, std::move(operation));
  shared->large.push_back({std::move(operation), std::move(static_cast<Large&>(*message.large).writer)});
  housework_.notify_one();
}

Result<std::unique_ptr<LargeContent>> SpoolImpl::open_large() {
  if (auto s = room_now(kInlineContent); !s) return s.error();
  const auto name = std::to_string(run_) + "-" + std::to_string(++next_part_) + ".part";
  auto writer = MessageFileWriter::create(disk_, paths_, name, options_.random());
  if (!writer) return writer.error();
  return std::unique_ptr<LargeContent>(std::make_unique<Large>(std::move(*writer)));
}

// Whoever asks before a message comes hears what the last look at the disk found, a moment ago. Nothing is refused for what was so.
Status SpoolImpl::room_for(std::uint64_t size) {
  const auto seen = *room_seen_.lock();
  const bool is_recent = seen.room && options_.since_boot() - seen.at < options_.room_stays_known;
  return is_recent && too_full(*seen.room, size).empty() ? accepting() : room_now(size);
}

Status SpoolImpl::room_now(std::uint64_t size) {
  const auto room = disk_.room(paths_.root);
  if (!room) return Error::transient(room.error().message);
  *room_seen_.lock() = {options_.since_boot(), *room};
  const auto why = too_full(*room, size);
  return why.empty() ? accepting() : Status(Error::transient(why));
}

Status SpoolImpl::accepting() {
  auto shared = shared_.lock();
  if (!shared->counters.accepting) return Error::transient(shared->counters.not_accepting_because);
  return {};
}

std::string SpoolImpl::too_full(const Room& room, std::uint64_t size) const {
  const auto needed = size + options_.reserve_bytes;
  if (room.bytes < needed)
    return "no room in " + paths_.root.string() + ": " + in_mib(room.bytes) + " free, " + in_mib(needed + (1u << 20) - 1) + " needed";
  if (room.inodes && *room.inodes < options_.reserve_inodes)
    return "no room in " + paths_.root.string() + ": " + std::to_string(*room.inodes) + " inodes free, " +
           std::to_string(options_.reserve_inodes) + " needed";
  return {};
}

// Notices are owed by the spool already: who makes them asks for room before.
Status SpoolImpl::room_in_memory(const Shared& shared, const Operation& operation) const {
  const WaitingMail& mail = shared.index.waiting_mail;
  const proto::ShareOwner& owner = operation.owner.share();
  if (!operation.notice_for.empty() || mail.fits(owner, operation.weight)) return {};
  return Error::transient("too much mail of " + (owner.is_known() ? owner.to_string() : "unknown users") + " waits: it takes " +
                          in_mib(mail.octets_of(owner)) + " of memory, all mail " + in_mib(mail.octets()) + ", the limit is " +
                          in_mib(mail.limit()) + " ([spool] memory)");
}

void SpoolImpl::settle(Settlement settlement, std::function<void(Status)> done) {
  const auto id = settlement.message;
  enqueue_change(id, std::move(settlement), std::move(done));
}

void SpoolImpl::act(ActionKind action, std::vector<QueueId> messages, std::function<void(Status)> done) {
  if (messages.empty()) return done ? done({}) : void();
  const auto each = gather(messages.size(), std::move(done));
  for (const auto id : messages) enqueue_change(id, ActionTaken{action, options_.wall()}, each);
}

void SpoolImpl::enqueue_change(QueueId id, StateChange change, std::function<void(Status)> done) {
  auto record = encode(change);
  if (auto* settlement = std::get_if<Settlement>(&change); settlement && record.size() > kMaxChange)
    return enqueue_parts(id, std::move(*settlement), std::move(done));
  enqueue_record(id, std::move(change), std::move(record), std::move(done));
}

// A recipient whose part was not durable when the power went is tried again, as after any attempt that was not recorded.
void SpoolImpl::enqueue_parts(QueueId id, Settlement settlement, std::function<void(Status)> done) {
  auto parts = split(std::move(settlement));
  const auto each = gather(parts.size(), std::move(done));
  for (auto& part : parts) {
    StateChange change(std::move(part));
    auto record = encode(change);
    enqueue_record(id, std::move(change), std::move(record), each);
  }
}

void SpoolImpl::enqueue_record(QueueId id, StateChange change, std::string record, std::function<void(Status)> done) {
  if (auto s = check_sizes(record.size(), 0); !s) {
    report(id.to_string() + ": what became of it cannot be recorded: " + s.error().message);
    return done ? done(s) : void();
  }
  auto operation = std::make_shared<Operation>();
  operation->header.type = record_type(change);
  operation->header.id = id.value;
  set_meta(*operation, std::move(record));
  operation->change = std::move(change);
  operation->done = std::move(done);
  auto shared = shared_.lock();
  show(*shared, operation);
  enqueue(shared, std::move(operation));
}

OperationPtr SpoolImpl::site_operation(SiteRecord record) {
  record = within_limits(std::move(record));
  auto operation = std::make_shared<Operation>();
  operation->kind = Operation::Kind::site;
  operation->header.type = RecordType::site;
  set_meta(*operation, encode(record));
  operation->site = std::move(record);
  return operation;
}

void SpoolImpl::record_site(SiteRecord record) {
  auto operation = site_operation(std::move(record));
  auto shared = shared_.lock();
  enqueue(shared, std::move(operation));
}

bool SpoolImpl::is_urgent(const Operation& operation) {
  return operation.kind == Operation::Kind::store || operation.header.type == RecordType::action;
}

bool SpoolImpl::must_wait_for_recovery(const Shared& shared, const Operation& operation) const {
  if (shared.recovered) return false;
  if (operation.kind == Operation::Kind::store) return !operation.drop_name.empty();
  return operation.kind == Operation::Kind::change && run_of(operation.id()) != run_;
}

void SpoolImpl::enqueue(Access& shared, OperationPtr operation) {
  if (must_wait_for_recovery(*shared, *operation)) return shared->until_recovered.push_back(std::move(operation));
  const bool urgent = is_urgent(*operation);
  const bool wake = urgent ? shared->urgent == 0 : shared->waiting.empty();
  if (urgent)
    ++shared->urgent;
  else if (shared->waiting.size() == shared->urgent)
    shared->first_lazy = std::chrono::steady_clock::now();
  shared->waiting.push_back(std::move(operation));
  if (wake) work_.notify_one();
}

void PendingChanges::remove(const OperationPtr& operation) {
  constexpr std::size_t kFew = 32;
  const auto first = operations_.begin() + static_cast<std::ptrdiff_t>(first_);
  if (first != operations_.end() && *first == operation) {
    (*first).reset();
    ++first_;
  } else {
    operations_.erase(std::remove(first, operations_.end(), operation), operations_.end());
  }
  if (first_ < kFew || first_ < operations_.size() / 2) return;
  operations_.erase(operations_.begin(), operations_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

void SpoolImpl::show(Shared& shared, const OperationPtr& operation) {
  shared.fresh.forget(operation->id());
  shared.overlay[operation->id()].add(operation);
}

void SpoolImpl::hide(Shared& shared, const OperationPtr& operation) {
  const auto found = shared.overlay.find(operation->id());
  if (found == shared.overlay.end()) return;
  found->second.remove(operation);
  if (found->second.empty()) shared.overlay.erase(found);
}

std::optional<Message> SpoolImpl::remembered(const Entry& entry, const Operations& changes) {
  const auto ended = entry.remembered();
  if (!ended) return std::nullopt;
  Message message = *ended;
  for (const auto& operation : changes) apply_change(message, operation->change);
  return message;
}

// As recovery does: a change whose record is damaged is told and passed over.
Result<RawMessage> SpoolImpl::read(const Snapshot& from) const {
  auto raw = read_raw(disk_, paths_, from);
  if (raw) report_damage(raw->id, raw->damaged);
  return raw;
}

void SpoolImpl::report_damage(QueueId id, const std::vector<Location>& damaged) const {
  for (const auto location : damaged)
    report(id.to_string() + ": damage in " + segment_path(paths_.journal(), location.segment).string() + " at " +
           std::to_string(location.offset()) + ": a part of what was tried for this message is forgotten");
}

Result<Message> SpoolImpl::load(QueueId id) {
  // Again, when the housekeeper moved the message while we read.
  for (int attempt = 0;; ++attempt) {
    auto shared = shared_.lock();
    auto* entry = shared->index.find(id);
    if (!entry) return Error::permanent("there is no message " + id.to_string());
    const auto overlay = shared->overlay.find(id);
    const Operations changes = overlay == shared->overlay.end() ? Operations{} : overlay->second.all();
    if (auto message = remembered(*entry, changes)) return std::move(*message);
    const bool ended = entry->ended;
    const auto ended_at = ended ? entry->ended_at() : WallTime{};
    const auto from = snapshot(shared->index, id, *entry);
    shared.unlock();

    auto read = read_message(disk_, paths_, from);
    if (!read && read.error().is_transient() && attempt < 3) continue;
    if (!read) return read.error();
    report_damage(id, read->damaged);
    Message message = std::move(read->message);
    for (const auto& operation : changes) apply_change(message, operation->change);
    message.ended = ended;
    message.ended_at = ended_at;
    if (ended) message.content.reset();
    return message;
  }
}

// About what decoding takes: the envelope as bytes, as protobuf and as values, and the states as the message file has them.
std::uint64_t SpoolImpl::octets_to_load(QueueId id) {
  constexpr std::uint64_t kEach = 16 * 1024, kRecipient = 1024, kState = 256;
  auto shared = shared_.lock();
  auto* entry = shared->index.find(id);
  if (!entry) return kEach;
  const bool is_in_file = entry->accepted().segment == 0;
  const std::uint64_t states = is_in_file ? std::min(entry->sequence * kState, options_.longest_states) : 0;
  return kEach + entry->recipients() * kRecipient + states;
}

std::size_t SpoolImpl::recipients_of(QueueId id) {
  auto shared = shared_.lock();
  const auto* entry = shared->index.find(id);
  return entry ? entry->recipients() : 0;
}

std::optional<Message> SpoolImpl::load_at_hand(QueueId id) {
  Operations changes;
  auto from = snapshot_at_hand(id, changes);
  if (!from) return std::nullopt;
  auto read = read_message(disk_, paths_, *from);
  if (!read || !read->damaged.empty()) return std::nullopt;
  Message message = std::move(read->message);
  if (message.content->size() > kSmallContent) return std::nullopt;
  auto content = checked(message.content);
  if (!content) return std::nullopt;
  message.content = std::move(*content);
  for (const auto& operation : changes) apply_change(message, operation->change);
  return message;
}

// Of a message that lies in the journal, with files that are read as far as they are in memory.
std::optional<Snapshot> SpoolImpl::snapshot_at_hand(QueueId id, Operations& changes) {
  std::optional<Snapshot> from;
  {
    auto shared = shared_.lock();
    const auto* entry = shared->index.find(id);
    if (!entry || entry->ended || entry->accepted().segment == 0) return std::nullopt;
    if (entry->more() && entry->more()->later.size() > kFewRecords) return std::nullopt;
    if (const auto overlay = shared->overlay.find(id); overlay != shared->overlay.end()) changes = overlay->second.all();
    from = snapshot(shared->index, id, *entry);
  }
  for (auto& [number, file] : from->files) file = at_hand(file);
  return from;
}

Duration SpoolImpl::age_of(const Message& message) const {
  const Duration age =
      message.accepted_at == Duration(0) ? options_.wall() - message.envelope.submitted : age_clock_.now() - message.accepted_at;
  return std::max(age, Duration(0));
}

std::vector<QueueId> SpoolImpl::ids(bool with_ended) {
  std::vector<QueueId> out;
  auto shared = shared_.lock();
  out.reserve(shared->index.entries.size());
  shared->index.entries.for_each([&out](QueueId id, const Entry& entry) {
    if (!entry.ended) out.push_back(id);
  });
  const std::vector<QueueId> ended =
      with_ended ? std::vector<QueueId>(shared->index.ended.begin(), shared->index.ended.end()) : std::vector<QueueId>{};
  shared.unlock();  // nobody has to wait while a million are sorted
  std::sort(out.begin(), out.end());
  out.insert(out.end(), ended.begin(), ended.end());
  return out;
}

std::optional<QueueId> SpoolImpl::oldest() {
  std::optional<QueueId> oldest;
  shared_.lock()->index.entries.for_each([&oldest](QueueId id, const Entry& entry) {
    if (!entry.ended && (!oldest || id < *oldest)) oldest = id;
  });
  return oldest;
}

SpoolCounters SpoolImpl::counters() {
  auto shared = shared_.lock();
  auto out = shared->counters;
  out.messages = shared->index.entries.size() - shared->index.ended.size();
  out.journal_bytes = shared->index.journal_octets();
  return out;
}

void SpoolImpl::report(const std::string& what) const { options_.report(what); }

void SpoolImpl::count_corrupt(std::uint64_t n) { shared_.lock()->counters.corrupt += n; }

}  // namespace mxpress::queue
