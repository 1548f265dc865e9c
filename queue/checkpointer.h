// Shortens the journal: moves the messages of its oldest segment into message files, then removes the segment.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queue/message.h"
#include "queue/record.h"

namespace mxpress::queue {

class CommitQueue;
class DiskRoom;
class Housework;
class HouseworkList;
class MessageFileWriter;
class MessageFolders;
class MessageTable;
class Quarantine;
class SegmentHold;
class SpoolReader;
struct RawMessage;
struct Snapshot;
struct SpoolContext;
template <class T>
class Guarded;

// Runs on the housekeeper's thread.
class Checkpointer {
 public:
  struct Parts {
    Housework& housework;
    HouseworkList& list;
    CommitQueue& queue;
    Guarded<MessageTable>& table;
    const SpoolReader& reader;
    MessageFolders& folders;
    SegmentHold& hold;
    Quarantine& quarantine;
    DiskRoom& room;
  };
  // `commit`: for a spool without threads, writes and syncs all waiting operations (false: the disk does not take it). Empty if the
  // committer has a thread of its own.
  Checkpointer(const SpoolContext& context, Parts parts, std::function<bool()> commit);
  ~Checkpointer();

  // True if the journal is over its limit and its oldest segment can be removed.
  bool is_due();
  // Removes the oldest segments until the journal fits journal_size, and does housework between them.
  void run();

 private:
  struct MovedFile;  // written, and not published yet
  using MovedFiles = std::vector<MovedFile>;

  std::optional<std::uint32_t> segment_to_remove();
  Status remove_segment(std::uint32_t segment);
  bool rerecord_sites(std::uint32_t segment);
  bool rerecord_site(const std::string& name, std::uint32_t segment);
  std::vector<QueueId> messages_in(std::uint32_t segment);
  Status move_out(std::uint32_t segment);
  Status move_out(std::uint32_t segment, QueueId id, MovedFiles& files);
  Status write(Snapshot from, RawMessage raw, MovedFiles& files);
  Result<std::unique_ptr<MessageFileWriter>> write_file(const RawMessage& raw);
  Status append_changes(const RawMessage& raw);
  Status publish(MovedFiles files);
  void note_moved(const Snapshot& from);
  void make_way(std::chrono::nanoseconds worked);
  void set_aside(QueueId id, const Snapshot& from, const Error& error);
  void keep_record(const Snapshot& from, Location location, std::uint64_t octets);
  Status drop(std::uint32_t segment);

  const SpoolContext& context_;
  const Parts parts_;
  const std::function<bool()> commit_;
  std::uint64_t stored_before_ = 0;  // messages stored when it last decided whether to rest
};

}  // namespace mxpress::queue
