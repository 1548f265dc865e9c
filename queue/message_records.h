// Reads one message from its records in the journal and in its message file.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "queue/codec.h"
#include "queue/paths.h"

namespace mxpress::queue {

struct Index;
class Entry;

// All data needed to read one message without a lock.
struct Snapshot {
  QueueId id;
  Location accepted;
  std::vector<Location> later;
  std::map<std::uint32_t, std::shared_ptr<File>> files;
  bool is_file_doubtful = false;
  bool uses(std::uint32_t segment) const;
};
Snapshot snapshot(const Index& index, QueueId id, const Entry& entry);

// A message as its records describe it.
struct RawMessage {
  QueueId id;
  RecordHeader accepted;
  std::shared_ptr<File> file;
  std::string meta_bytes;
  Accepted meta;
  std::vector<StoredChange> changes;
  std::size_t in_file = 0;          // number of changes that are already in the message file
  std::vector<Location> damaged{};  // damaged change records in the journal, which are skipped
  std::uint32_t newest = 0;         // sequence of the last change
};
// The error is permanent if the message itself is damaged, transient if the disk failed or the message file is missing.
Result<RawMessage> read_raw(Disk& disk, const Paths& paths, const Snapshot& from);
// Reads the same message, but applies each change as it is read: memory does not grow with the number of changes.
struct ReadMessage {
  Message message;
  std::vector<Location> damaged{};
};
Result<ReadMessage> read_message(Disk& disk, const Paths& paths, const Snapshot& from);
// The record of a site in the journal.
Result<SiteRecord> read_site(const Index& index, Location location);
// Octets of the record there; `otherwise` if damage hides its size.
std::uint64_t size_of_record(const File& file, Location location, std::uint64_t otherwise);
Message to_message(RawMessage raw);

// The notices that an Accepted record settles for this message.
std::vector<Told> told_by(const Accepted& notice, QueueId message);

}  // namespace mxpress::queue
