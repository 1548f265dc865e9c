// Reads records one by one, or many adjacent ones with one read.
#include "queue/message_records.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "queue/crc32c.h"
#include "queue/index.h"
#include "queue/message_file.h"
#include "queue/site_record.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kFewRecords = 8;      // up to this many are read one by one
constexpr std::size_t kWindow = 64 * 1024;  // octets read ahead if there are more

struct JournalPiece {
  RecordHeader header;
  std::string_view meta;
};

// Reads records. Adjacent records come with one read.
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
  // For records that the window ahead does not hold or could not read.
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

// Reads the message without its changes, which go to the sink.
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
  bool has_begun = false;
  const auto begin = [&states, &has_begun](const proto::Envelope& envelope) {
    states.recipients.resize(envelope.recipients.size());
    if (!std::exchange(has_begun, true)) states.held = !envelope.held_because.empty();
  };
  const auto apply = [&states, &begin](const Accepted& accepted, const StoredChange& stored) {
    begin(accepted.envelope);
    apply_change(states, stored.change);
  };
  if (auto s = read_records(disk, paths, from, raw, apply); !s) return s.error();
  states.id = raw.id;
  states.accepted_at = raw.meta.accepted_at;
  states.envelope = std::move(raw.meta.envelope);
  begin(states.envelope);
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
  message.held = !message.envelope.held_because.empty();
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
