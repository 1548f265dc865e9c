// Message files: one Accepted record, then the records of its states. A small journal of one message.
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

// A message file as read: up to the last whole record, without what is damaged before it.
struct MessageFile {
  std::shared_ptr<File> file;
  RecordHeader accepted;
  Accepted meta;
  std::vector<StoredChange> changes;
  std::uint64_t end = 0;  // of the last whole record; what follows is a torn append
  struct Damage {
    std::uint64_t begin = 0, end = 0;
  };
  std::vector<Damage> damages{};  // states that are lost: whole records follow them
};

Result<MessageFile> read_message_file(Disk& disk, const Path& path, QueueId id);
// The same, but each change goes to `take` as it is read, and `changes` stays empty.
Result<MessageFile> read_message_file(Disk& disk, const Path& path, QueueId id,
                                      const std::function<void(const Accepted&, StoredChange)>& take);
// The message that the file holds by its own word, whatever the file is called; nothing if that cannot be read.
std::optional<QueueId> id_inside(Disk& disk, const Path& path);

// Writes a message file bit by bit, in incoming/; publish() gives it its name.
class MessageFileWriter {
 public:
  // The file is removed again when the writer is destroyed before publish().
  static Result<std::unique_ptr<MessageFileWriter>> create(Disk& disk, const Paths& paths, const std::string& name, std::uint64_t salt);
  ~MessageFileWriter();
  MessageFileWriter(const MessageFileWriter&) = delete;
  MessageFileWriter& operator=(const MessageFileWriter&) = delete;

  Status append(std::string_view content);
  // All of it, piece by piece.
  Status append(const Content& content);
  std::uint64_t content_size() const { return size_; }
  std::uint32_t content_crc() const { return crc_; }
  // The content came from a damaged place: the checksum of what it was shall go on telling so.
  void keep_crc(std::uint32_t crc) { crc_ = crc; }
  // Ends the content and writes everything.
  Status finish(QueueId id, std::string_view accepted_meta, const std::vector<StoredChange>& changes);
  // Not again after an error.
  Status sync();
  // Syncs it, if that was not done, and renames it; the caller syncs the folder.
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

// Content behind the header of the record of a message file.
std::shared_ptr<const Content> file_content(std::shared_ptr<File> file, const RecordHeader& accepted);

}  // namespace mxpress::queue
