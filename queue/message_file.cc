// Writes, extends and reads message files.
#include "queue/message_file.h"

#include <algorithm>

#include "queue/content_check.h"
#include "queue/crc32c.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kPiece = 256 * 1024;  // octets read at a time

Error damaged(const Path& path, const char* what) { return Error::permanent("damaged message file " + path.string() + ": " + what); }

class FileContent : public Content {
 public:
  FileContent(std::shared_ptr<File> file, const RecordHeader& accepted)
      : file_(std::move(file)), begin_(accepted.content_offset()), size_(accepted.content_size), crc_(accepted.content_crc) {}

  std::uint64_t size() const override { return size_; }

  Result<std::size_t> read(std::uint64_t offset, char* buffer, std::size_t size) const override {
    if (offset >= size_) return std::size_t{0};
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - offset));
    auto n = file_->read_at(begin_ + offset, buffer, size);
    if (n && *n != size) return Error::transient("the content of a message is shorter than it was");
    return n;
  }

  std::optional<Place> in_file() const override {
    return file_->descriptor() < 0 ? std::nullopt : std::optional<Place>({file_->descriptor(), begin_});
  }

  Status verify() const override {
    ContentCheck check(*this);
    while (!check.is_done())
      if (auto s = check.step(); !s) return s;
    return {};
  }

  Status verify(std::string_view whole) const override { return verify_crc(crc32c(whole)); }

  Status verify_crc(std::uint32_t crc) const override {
    if (crc == crc_) return {};
    return Error::permanent("the content of the message is damaged on disk");
  }

 private:
  std::shared_ptr<File> file_;  // shared: read on after the spool has removed the file
  std::uint64_t begin_, size_;
  std::uint32_t crc_;
};

// The pieces of records, with the strings that they view.
struct Pieces {
  std::vector<std::string> owned;
  std::uint64_t size = 0;

  Status add(RecordHeader header, std::string_view meta) {
    if (auto s = check_sizes(meta.size(), 0); !s) return s;
    header.meta_size = static_cast<std::uint32_t>(meta.size());
    header.meta_crc = crc32c(meta);
    const auto bytes = encode(header);
    std::string record(bytes.data(), bytes.size());
    record.append(meta).append(padding(header.size() - kRecordHeader - meta.size()));
    size += record.size();
    owned.push_back(std::move(record));
    return {};
  }
  // `room`: octets from the offset on that a reader looks at.
  Status add(std::uint64_t offset, std::uint64_t room, const RecordHeader& accepted, const std::vector<StoredChange>& changes) {
    for (const auto& [sequence, change] : changes) {
      const RecordHeader header{
          .type = record_type(change), .salt = accepted.salt, .offset = offset + size, .id = accepted.id, .sequence = sequence};
      if (auto s = add(header, encode(change)); !s) return s;
      if (size > room) return Error::permanent("the states of " + QueueId{accepted.id}.to_string() + " are too large for its file");
    }
    return {};
  }
  std::vector<std::string_view> views() const { return {owned.begin(), owned.end()}; }
};

// Reads the records of states behind the message itself. After damage it searches the next whole record: each names its own place and file.
class ChangesReader {
 public:
  using Take = std::function<void(const Accepted&, StoredChange)>;
  // `bytes` start at the end of the message in the file.
  ChangesReader(MessageFile& out, std::string_view bytes, const Take& take) : out_(out), bytes_(bytes), begin_(out.end), take_(take) {}

  Status run() {
    for (std::uint64_t at = 0; at + kRecordHeader <= bytes_.size();) {
      const auto header = whole_record_at(at);
      if (!header) {
        at += 8;  // records begin at multiples of 8
        continue;
      }
      if (begin_ + at != out_.end) out_.damages.push_back({out_.end, begin_ + at});
      auto change = decode_change(header->type, QueueId{header->id}, meta_of(*header, at));
      if (!change) return change.error();
      take_(out_.meta, {header->sequence, std::move(*change)});
      at += header->size();
      out_.end = begin_ + at;
    }
    return {};
  }

 private:
  std::optional<RecordHeader> whole_record_at(std::uint64_t at) const {
    if (bytes_[at] != 'M') return std::nullopt;
    const auto header = decode_record(bytes_.substr(at));
    if (!header || header->salt != out_.accepted.salt || header->offset != begin_ + at || header->id != out_.accepted.id)
      return std::nullopt;
    if (header->content_size != 0 || header->size() > bytes_.size() - at) return std::nullopt;
    return crc32c(meta_of(*header, at)) == header->meta_crc ? header : std::nullopt;
  }
  std::string_view meta_of(const RecordHeader& header, std::uint64_t at) const {
    return bytes_.substr(at + kRecordHeader, header.meta_size);
  }

  MessageFile& out_;
  std::string_view bytes_;
  std::uint64_t begin_;
  const Take& take_;
};

Result<RecordHeader> read_accepted_header(const File& file, const Path& path, QueueId id, std::uint64_t size) {
  char bytes[kRecordHeader];
  const auto n = file.read_at(0, bytes, sizeof bytes);
  if (!n) return n.error();
  const auto header = decode_record({bytes, *n});
  if (!header || header->type != RecordType::accepted || header->offset != 0) return damaged(path, "it does not begin with a message");
  if (header->id != id.value) return damaged(path, "it holds another message");
  if (header->size() > size) return damaged(path, "it is too short");
  return *header;
}

}  // namespace

std::shared_ptr<const Content> file_content(std::shared_ptr<File> file, const RecordHeader& accepted) {
  return std::make_shared<FileContent>(std::move(file), accepted);
}

Result<MessageFile> read_message_file(Disk& disk, const Path& path, QueueId id) {
  std::vector<StoredChange> changes;
  auto file = read_message_file(disk, path, id, [&changes](const Accepted&, StoredChange c) { changes.push_back(std::move(c)); });
  if (file) file->changes = std::move(changes);
  return file;
}

Result<MessageFile> read_message_file(Disk& disk, const Path& path, QueueId id,
                                      const std::function<void(const Accepted&, StoredChange)>& take) {
  auto file = disk.open(path, Open::read);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  const auto header = read_accepted_header(**file, path, id, *size);
  if (!header) return header.error();
  MessageFile out{std::move(*file), *header, {}, {}, header->size(), {}};
  // A hole before the end of the file, however long, hides no records.
  const auto rest = std::min(*size - header->meta_offset(), header->size() - header->meta_offset() + kMaxStates);
  const auto bytes = read_exactly(*out.file, header->meta_offset(), rest);
  if (!bytes) return bytes.error();
  const auto meta = std::string_view(*bytes).substr(0, header->meta_size);
  if (crc32c(meta) != header->meta_crc) return damaged(path, "the checksum of its envelope is wrong");
  auto accepted = decode_accepted(meta);
  if (!accepted) return damaged(path, accepted.error().message.c_str());
  out.meta = std::move(*accepted);
  if (auto s = ChangesReader(out, std::string_view(*bytes).substr(header->size() - header->meta_offset()), take).run(); !s)
    return damaged(path, s.error().message.c_str());
  return out;
}

std::optional<QueueId> id_inside(Disk& disk, const Path& path) {
  const auto file = disk.open(path, Open::read);
  if (!file) return std::nullopt;
  char bytes[kRecordHeader];
  const auto n = (*file)->read_at(0, bytes, sizeof bytes);
  const auto header = n ? decode_record({bytes, *n}) : std::nullopt;
  const bool is_message = header && header->type == RecordType::accepted && header->offset == 0;
  return is_message ? std::optional(QueueId{header->id}) : std::nullopt;
}

Result<std::unique_ptr<MessageFileWriter>> MessageFileWriter::create(Disk& disk, const Paths& paths, const std::string& name,
                                                                     std::uint64_t salt) {
  const Path path = paths.incoming() / name;
  auto file = disk.open(path, Open::create);
  if (!file) return file.error();
  return std::unique_ptr<MessageFileWriter>(new MessageFileWriter(disk, path, std::move(*file), salt));
}

MessageFileWriter::~MessageFileWriter() {
  if (!published_) (void)disk_.remove(path_);  // if this fails, the next start removes it
}

Status MessageFileWriter::append(std::string_view content) {
  if (auto s = file_->write_at(kRecordHeader + size_, {content}); !s) return s;
  size_ += content.size();
  crc_ = crc32c(content, crc_);
  return {};
}

Status MessageFileWriter::append(const Content& content) {
  std::string piece(static_cast<std::size_t>(std::min(content.size(), kPiece)), '\0');
  for (std::uint64_t at = 0; at < content.size();) {
    const auto n = content.read(at, piece.data(), piece.size());
    if (!n) return n.error();
    if (auto s = append(std::string_view(piece).substr(0, *n)); !s) return s;
    at += *n;
  }
  return {};
}

Status MessageFileWriter::finish(QueueId id, std::string_view accepted_meta, const std::vector<StoredChange>& changes) {
  if (auto s = check_sizes(accepted_meta.size(), size_); !s) return s;
  const RecordHeader header{.type = RecordType::accepted,
                            .salt = salt_,
                            .id = id.value,
                            .content_size = size_,
                            .meta_size = static_cast<std::uint32_t>(accepted_meta.size()),
                            .meta_crc = crc32c(accepted_meta),
                            .content_crc = crc_};
  Pieces states;
  if (auto s = states.add(header.size(), kMaxStates, header, changes); !s) return s;
  auto pieces = states.views();
  const std::string_view pad = padding(header.size() - kRecordHeader - size_ - accepted_meta.size());
  pieces.insert(pieces.begin(), {accepted_meta, pad});
  if (auto s = file_->write_at(header.meta_offset(), pieces); !s) return s;
  const auto bytes = encode(header);
  if (auto s = file_->write_at(0, {{bytes.data(), bytes.size()}}); !s) return s;
  return file_->begin_sync();
}

Status MessageFileWriter::sync() {
  if (auto s = file_->sync(); !s) return s;
  synced_ = true;
  return {};
}

Status MessageFileWriter::publish(const Path& to) {
  if (!synced_)
    if (auto s = sync(); !s) return s;
  if (auto s = disk_.rename(path_, to); !s) return s;
  published_ = true;
  return {};
}

Status append_to_message_file(Disk& disk, const Path& path, QueueId id, const std::vector<StoredChange>& changes) {
  auto old = read_message_file(disk, path, id);
  if (!old) return old.error();
  const auto last = old->accepted.size() + kMaxStates;  // readers look no further
  auto file = disk.open(path, Open::write);
  if (!file) return file.error();
  if (auto s = (*file)->truncate(old->end); !s) return s;  // a torn append of an earlier run
  // Each record is durable before the next: a torn append never leaves a later state behind a lost one.
  auto end = old->end;
  for (const auto& change : changes) {
    Pieces pieces;
    if (auto s = pieces.add(end, last - std::min(end, last), old->accepted, {change}); !s) return s;
    if (auto s = (*file)->write_at(end, pieces.views()); !s) return s;
    if (auto s = (*file)->sync(); !s) return s;
    end += pieces.size;
  }
  return {};
}

}  // namespace mxpress::queue
