// Looks messages up in memory and reads them from journal and message file.
#include "queue/index.h"

#include <algorithm>

#include "queue/crc32c.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kFewRecords = 8;       // so many are read one by one
constexpr std::size_t kWindow = 64 * 1024;   // octets read ahead where there are more
constexpr std::uint64_t kLarge = 16 * 1024;  // octets in memory of an ended message that gives way to smaller ones
constexpr std::uint64_t kBlock = 16;         // what malloc adds
constexpr std::uint64_t kEnded = 256;        // what is kept of an ended message beside the message

std::uint64_t octets_of(const std::string& text) { return text.capacity() < sizeof(std::string) ? 0 : text.capacity() + kBlock; }

std::uint64_t octets_of(const proto::HostResult& result) {
  return octets_of(result.host) + octets_of(result.address) + octets_of(result.tls) + octets_of(result.text);
}

// About what an ended message takes in memory.
std::uint64_t octets_of(const Message& message) {
  const proto::Submitter& from = message.envelope.submitter;
  std::uint64_t octets = kEnded + sizeof message + octets_of(message.envelope.reverse_path.to_string()) + octets_of(from.entrance) +
                         octets_of(from.program) + octets_of(from.unit) + octets_of(from.client_address) + octets_of(from.client_name);
  for (const proto::Recipient& recipient : message.envelope.recipients)
    octets += sizeof recipient + octets_of(recipient.mailbox.to_string()) + octets_of(recipient.original_recipient);
  for (const RecipientState& state : message.recipients) octets += sizeof state + (state.last ? octets_of(*state.last) : 0);
  for (const Attempt& attempt : message.attempts) {
    octets += sizeof attempt + attempt.recipients.capacity() * sizeof(std::uint32_t) + 2 * kBlock;
    for (const proto::HostAttempt& host : attempt.hosts) octets += sizeof host + octets_of(host.result);
  }
  return octets;
}

struct JournalPiece {
  RecordHeader header;
  std::string_view meta;
};

// Reads records. Those that lie side by side come with one read.
class RecordReader {
 public:
  explicit RecordReader(std::size_t records) : ahead_(records > kFewRecords ? kWindow : 0) {}

  // Valid until the next call.
  Result<JournalPiece> read(const std::shared_ptr<File>& file, std::uint64_t offset) {
    const auto bytes = read(file, offset, kRecordHeader);
    if (!bytes) return bytes.error();
    const auto header = decode_record(*bytes);
    if (!header || header->offset != offset) return Error::permanent("damaged record in the journal");
    const auto meta = read(file, header->meta_offset(), header->meta_size);
    if (!meta) return meta.error();
    if (crc32c(*meta) != header->meta_crc) return Error::permanent("damaged record in the journal");
    return JournalPiece{*header, *meta};
  }

 private:
  Result<std::string_view> read(const std::shared_ptr<File>& file, std::uint64_t offset, std::size_t size) {
    if (file != file_ || offset < begin_ || offset + size > begin_ + window_.size()) {
      if (auto s = look(file, offset, size); !s) return s.error();
    }
    return std::string_view(window_).substr(offset - begin_, size);
  }
  Status look(const std::shared_ptr<File>& file, std::uint64_t offset, std::size_t size) {
    file_ = file;
    begin_ = offset;
    window_.resize(std::max(size, ahead_));
    const auto n = file->read_at(offset, window_.data(), window_.size());
    window_.resize(n ? *n : 0);
    return window_.size() < size ? read_alone(offset, size) : Status();
  }
  // What lies ahead cannot be read, or there is too little.
  Status read_alone(std::uint64_t offset, std::size_t size) {
    auto bytes = read_exactly(*file_, offset, size);
    if (!bytes) return bytes.error();
    window_ = std::move(*bytes);
    return {};
  }

  const std::size_t ahead_;
  std::shared_ptr<File> file_;
  std::uint64_t begin_ = 0;
  std::string window_;
};

// Takes the changes of a message one by one.
using ChangeSink = std::function<void(const Accepted&, StoredChange)>;

Status read_from_file(Disk& disk, const Paths& paths, RawMessage& out, const ChangeSink& sink) {
  auto place = paths.file(out.id);
  const auto there = disk.exists(place);
  if (!there) return there.error();
  if (!*there) place = paths.large(out.id);
  auto take = [&out, &sink](const Accepted& accepted, StoredChange change) {
    out.newest = change.sequence;
    ++out.in_file;
    sink(accepted, std::move(change));
  };
  auto file = read_message_file(disk, place, out.id, take);
  if (!file) return file.error();
  out.accepted = file->accepted;
  out.file = std::move(file->file);
  out.meta = std::move(file->meta);
  return {};
}

Status read_from_journal(RecordReader& records, const std::shared_ptr<File>& file, Location location, RawMessage& out) {
  const auto piece = records.read(file, location.offset());
  if (!piece) return piece.error();
  auto meta = decode_accepted(piece->meta);
  if (!meta) return meta.error();
  out.accepted = piece->header;
  out.file = file;
  out.meta_bytes = piece->meta;
  out.meta = std::move(*meta);
  return {};
}

Status read_later(RecordReader& records, const std::shared_ptr<File>& file, Location location, RawMessage& out, const ChangeSink& sink) {
  const auto piece = records.read(file, location.offset());
  if (!piece) return piece.error();
  const auto type = piece->header.type;
  if (type == RecordType::accepted || type == RecordType::accepted_file) {
    auto notice = decode_accepted(piece->meta);
    if (!notice) return notice.error();
    for (auto& change : told_by(*notice, out.id)) sink(out.meta, {out.newest, std::move(change)});
    return {};
  }
  if (piece->header.sequence <= out.newest) return {};
  auto change = decode_change(type, out.id, piece->meta);
  if (!change) return change.error();
  out.newest = piece->header.sequence;
  sink(out.meta, {piece->header.sequence, std::move(*change)});
  return {};
}

// All of the message but its changes, which go to the sink.
Status read_records(Disk& disk, const Paths& paths, const Snapshot& from, RawMessage& out, const ChangeSink& sink) {
  out.id = from.id;
  RecordReader records(from.later.size());
  const auto file_of = [&](Location location) { return from.files.find(location.segment); };
  Status status;
  if (from.accepted.segment == 0)
    status = read_from_file(disk, paths, out, sink);
  else if (const auto file = file_of(from.accepted); file != from.files.end())
    status = read_from_journal(records, file->second, from.accepted, out);
  else
    status = Error::transient("the journal segment of the message has just been dropped");
  if (!status) return status;
  for (const auto location : from.later) {
    const auto file = file_of(location);
    if (file == from.files.end()) return Error::transient("the journal segment of the message has just been dropped");
    const auto change = read_later(records, file->second, location, out, sink);
    if (!change && change.error().is_transient()) return change.error();
    if (!change) out.damaged.push_back(location);
  }
  return {};
}

}  // namespace

Entry& Entry::operator=(Entry&& other) noexcept {
  std::swap(sequence, other.sequence);
  std::swap(first_stage, other.first_stage);
  const bool was_ended = ended, had_more = has_more_;
  ended = other.ended;
  has_more_ = other.has_more_;
  other.ended = was_ended;
  other.has_more_ = had_more;
  const std::uint8_t weight = small_weight_;
  small_weight_ = other.small_weight_;
  other.small_weight_ = weight;
  std::swap(owner_, other.owner_);
  std::swap(word_, other.word_);
  return *this;
}

Entry::~Entry() { forget_history(); }

Entry::More& Entry::history() {
  if (has_more_) return *word_.more;
  auto more = std::make_unique<More>();
  more->accepted = word_.accepted;
  word_.more = more.release();
  has_more_ = true;
  return *word_.more;
}

Entry::Rest& Entry::rest() {
  More& more = history();
  if (!more.rest) more.rest = std::make_unique<Rest>();
  return *more.rest;
}

void Entry::forget_history() {
  if (!has_more_) return;
  const std::unique_ptr<More> more(word_.more);
  word_.accepted = more->accepted;
  has_more_ = false;
}

void Entry::begin(std::size_t recipients, std::uint32_t weight) {
  if (recipients > 1)
    rest().weight = weight;
  else
    small_weight_ = std::min<std::uint32_t>((weight + kWeightUnit - 1) / kWeightUnit, 63);
  stages().begin(recipients);
}

void Entry::moved(std::size_t told) {
  set_accepted({});
  if (!has_more_) return;
  More& more = *word_.more;
  more.is_file_doubtful = false;
  more.later.erase(more.later.begin(), more.later.begin() + static_cast<std::ptrdiff_t>(told));
  if (more.later.empty() && (!more.rest || more.rest->other_stages.octets.empty()) && !ended) forget_history();
}

Entry& Index::add(QueueId id, const MessageOwner& owner, std::size_t recipients, std::uint32_t weight) {
  Entry& entry = entries[id];
  if (!entry.ended) waiting_mail.remove(owners.share(entry.owner_), entry.weight());  // nothing, if it is new
  owners.remove(entry.owner_, id);
  entry.owner_ = owners.add(owner, id);
  entry.begin(recipients, weight);
  if (!entry.ended) waiting_mail.add(owners.share(entry.owner_), entry.weight());
  return entry;
}

Entry& Index::add(QueueId id, const proto::Envelope& envelope) {
  return add(id, MessageOwner(envelope.submitter), envelope.recipients.size(), weight_of(envelope));
}

void Index::erase(QueueId id) {
  const Entry* entry = entries.find(id);
  if (!entry) return;
  if (entry->has_more_ && entry->word_.more->rest) remembered_octets_ -= entry->word_.more->rest->remembered_octets;
  if (!entry->ended) waiting_mail.remove(owners.share(entry->owner_), entry->weight());
  owners.remove(entry->owner_, id);
  entries.erase(id);
}

// The numbers of the earlier owners stay: this run has far fewer messages, and they are numbered again.
void Index::merge(IdMap<Entry> earlier, Owners their_owners, WaitingMail theirs) {
  theirs.set_limit(waiting_mail.limit());
  entries.for_each([&](QueueId id, Entry& entry) {
    entry.owner_ = their_owners.add(owners.owner(entry.owner_), id);
    if (!entry.ended) theirs.add(their_owners.share(entry.owner_), entry.weight());
  });
  waiting_mail = std::move(theirs);
  owners = std::move(their_owners);
  entries.merge(std::move(earlier));
}

proto::ShareOwner Index::share_owner_of(QueueId id) const {
  const Entry* entry = entries.find(id);
  return entry ? owners.share(entry->owner_) : proto::ShareOwner();
}

std::vector<QueueId> Index::ids_of(std::int64_t uid) const {
  std::vector<QueueId> ids = owners.ids(uid);
  std::erase_if(ids, [this](QueueId id) {
    const Entry* entry = entries.find(id);
    return !entry || entry->ended;
  });
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<QueueId> Index::ended_of(std::int64_t uid) const {
  std::vector<std::pair<WallTime, QueueId>> found;
  for (const QueueId id : owners.ids(uid))
    if (const Entry* entry = entries.find(id); entry && entry->ended) found.emplace_back(entry->ended_at(), id);
  std::sort(found.rbegin(), found.rend());
  std::vector<QueueId> ids;
  for (const auto& [when, id] : found) ids.push_back(id);
  return ids;
}

void Index::remember(QueueId id, Entry& entry, std::shared_ptr<const Message> message, std::uint64_t most) {
  Entry::Rest& rest = entry.rest();
  remembered_octets_ -= rest.remembered_octets;
  const bool is_new = !rest.remembered;
  rest.remembered_octets = octets_of(*message);
  remembered_octets_ += rest.remembered_octets;
  rest.remembered = std::move(message);
  if (is_new) (rest.remembered_octets > kLarge ? remembered_large_ : remembered_small_).push_back(id);
  while (remembered_octets_ > most && (forget_oldest(remembered_large_) || forget_oldest(remembered_small_))) {
  }
}

// False: there is none.
bool Index::forget_oldest(std::deque<QueueId>& remembered) {
  for (; !remembered.empty(); remembered.pop_front()) {
    const Entry* entry = entries.find(remembered.front());
    if (!entry || !entry->remembered()) continue;  // forgotten since
    std::erase(ended, remembered.front());
    erase(remembered.front());
    remembered.pop_front();
    return true;
  }
  return false;
}

void Index::add_later(QueueId id, Entry& entry, Location location) {
  entry.history().later.push_back(location);
  segments[location.segment].touched.add(id);
}

void Index::end(QueueId id, Entry& entry, WallTime when) {
  if (!entry.ended) waiting_mail.remove(owners.share(entry.owner_), entry.weight());
  entry.ended = true;
  entry.rest().ended_at = when;
  ended.push_back(id);
}

void Index::forget(std::size_t kept) {
  for (; ended.size() > kept; ended.pop_front()) erase(ended.front());
  if (drops.size() > 2 * entries.size() + 1000) std::erase_if(drops, [this](const auto& drop) { return !entries.contains(drop.second); });
}

std::uint64_t Index::journal_octets() const {
  std::uint64_t octets = 0;
  for (const auto& [number, segment] : segments) octets += segment.size;
  return octets;
}

std::uint32_t Index::oldest_segment() const {
  const auto oldest = std::min_element(segments.begin(), segments.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.number, a.first) < std::pair(b.second.number, b.first);
  });
  return oldest == segments.end() ? 0 : oldest->first;
}

bool Snapshot::uses(std::uint32_t segment) const {
  if (accepted.segment == segment) return true;
  return std::any_of(later.begin(), later.end(), [segment](Location l) { return l.segment == segment; });
}

Snapshot snapshot(const Index& index, QueueId id, const Entry& entry) {
  Snapshot out{id,
               entry.accepted(),
               entry.more() ? entry.more()->later : std::vector<Location>{},
               {},
               entry.more() && entry.more()->is_file_doubtful};
  const auto add = [&](std::uint32_t number) {
    const auto segment = index.segments.find(number);
    if (segment != index.segments.end()) out.files[number] = segment->second.file;
  };
  if (out.accepted.segment != 0) add(out.accepted.segment);
  for (const auto location : out.later) add(location.segment);
  return out;
}

Result<RawMessage> read_raw(Disk& disk, const Paths& paths, const Snapshot& from) {
  RawMessage out;
  const auto keep = [&out](const Accepted&, StoredChange change) { out.changes.push_back(std::move(change)); };
  if (auto s = read_records(disk, paths, from, out, keep); !s) return s.error();
  if (out.meta_bytes.empty()) out.meta_bytes = encode(out.meta);
  return out;
}

Result<ReadMessage> read_message(Disk& disk, const Paths& paths, const Snapshot& from) {
  RawMessage raw;
  Message states;  // of the recipients, and the attempts
  const auto apply = [&states](const Accepted& accepted, const StoredChange& stored) {
    states.recipients.resize(accepted.envelope.recipients.size());
    apply_change(states, stored.change);
  };
  if (auto s = read_records(disk, paths, from, raw, apply); !s) return s.error();
  states.id = raw.id;
  states.accepted_at = raw.meta.accepted_at;
  states.envelope = std::move(raw.meta.envelope);
  states.recipients.resize(states.envelope.recipients.size());
  states.content = file_content(std::move(raw.file), raw.accepted);
  return ReadMessage{std::move(states), std::move(raw.damaged)};
}

Result<SiteRecord> read_site(const Index& index, Location location) {
  const auto segment = index.segments.find(location.segment);
  if (segment == index.segments.end()) return Error::permanent("the journal segment of the site has been dropped");
  RecordReader records(1);
  const auto piece = records.read(segment->second.file, location.offset());
  return piece ? decode_site(piece->meta) : piece.error();
}

std::uint64_t size_of_record(const File& file, Location location, std::uint64_t otherwise) {
  const auto bytes = read_exactly(file, location.offset(), kRecordHeader);
  const auto header = bytes ? decode_record(*bytes) : std::nullopt;
  return header ? header->size() : otherwise;
}

Message to_message(RawMessage raw) {
  Message message;
  message.id = raw.id;
  message.envelope = std::move(raw.meta.envelope);
  message.accepted_at = raw.meta.accepted_at;
  message.recipients.resize(message.envelope.recipients.size());
  for (const auto& [sequence, change] : raw.changes) apply_change(message, change);
  message.content = file_content(std::move(raw.file), raw.accepted);
  return message;
}

std::vector<Told> told_by(const Accepted& notice, QueueId message) {
  std::vector<Told> out;
  for (const auto& for_whom : notice.notice_for)
    if (for_whom.message == message) out.push_back({for_whom.recipients, for_whom.kind, notice.envelope.submitted});
  return out;
}

}  // namespace mxpress::queue
