// Message files: one Accepted record, then the records of the message's states. A small journal of one message.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queue/codec.h"
#include "queue/disk.h"
#include "queue/paths.h"

namespace mxpress::queue {

// The content of a message file up to its last whole record, without damaged states.
struct MessageFile {
  std::shared_ptr<File> file;
  RecordHeader accepted;
  Accepted meta;
  std::vector<StoredChange> changes;
  std::uint64_t end = 0;  // of the last whole record; the rest is a torn append
  struct Damage {
    std::uint64_t begin = 0, end = 0;
  };
  std::vector<Damage> damages{};  // lost states that are followed by whole records
};

Result<MessageFile> read_message_file(Disk& disk, const Path& path, QueueId id);
// The same, but each change goes to `take` when it is read, and `changes` stays empty.
Result<MessageFile> read_message_file(Disk& disk, const Path& path, QueueId id,
                                      const std::function<void(const Accepted&, StoredChange)>& take);
// The id that the records of the file tell, independent of its name; nullopt if they cannot be read.
std::optional<QueueId> id_inside(Disk& disk, const Path& path);

// Writes a message file piece by piece, in incoming/; publish() gives it its name.
class MessageFileWriter {
 public:
  // If the writer is destroyed before publish(), it removes the file.
  static Result<std::unique_ptr<MessageFileWriter>> create(Disk& disk, const Paths& paths, const std::string& name, std::uint64_t salt);
  ~MessageFileWriter();
  MessageFileWriter(const MessageFileWriter&) = delete;
  MessageFileWriter& operator=(const MessageFileWriter&) = delete;

  Status append(std::string_view content);
  // Appends all of the content, piece by piece.
  Status append(const Content& content);
  std::uint64_t content_size() const { return size_; }
  std::uint32_t content_crc() const { return crc_; }
  // For content from a damaged place: keeps the checksum of the original, so that the damage stays visible.
  void keep_crc(std::uint32_t crc) { crc_ = crc; }
  // Ends the content and writes all records.
  Status finish(QueueId id, std::string_view accepted_meta, const std::vector<StoredChange>& changes);
  // Do not repeat it after an error.
  Status sync();
  // Syncs the file, if that was not done, and renames it; the caller syncs the folder.
  Status publish(const Path& to);

 private:
  MessageFileWriter(Disk& disk, Path path, std::shared_ptr<File> file, std::uint64_t salt)
      : disk_(disk), path_(std::move(path)), file_(std::move(file)), salt_(salt) {}
  Disk& disk_;
  Path path_;
  std::shared_ptr<File> file_;
  std::uint64_t salt_;
  std::uint64_t size_ = 0;
  std::uint32_t crc_ = 0;
  bool synced_ = false, published_ = false;
};

// Appends records to a message file, each synced before the next.
Status append_to_message_file(Disk& disk, const Path& path, QueueId id, const std::vector<StoredChange>& changes);

// The content behind the record header in a message file.
std::shared_ptr<const Content> file_content(std::shared_ptr<File> file, const RecordHeader& accepted);

}  // namespace mxpress::queue
