// Housework beside the journal: finishes large messages, removes the files of ended ones, and marks the age clock.
#pragma once

#include <vector>

#include "queue/disk.h"
#include "queue/message.h"

namespace mxpress::queue {

class AgeClock;
class CommitQueue;
class HouseworkList;
class MessageFolders;
class MessageTable;
class SegmentHold;
class SpoolReader;
struct LargeStore;
struct Snapshot;
struct SpoolContext;
template <class T>
class Guarded;

// On the housekeeper's thread, unless a function says otherwise.
class Housework {
 public:
  struct Parts {
    HouseworkList& list;
    CommitQueue& queue;
    Guarded<MessageTable>& table;
    const SpoolReader& reader;
    MessageFolders& folders;
    SegmentHold& hold;
    AgeClock& age_clock;
  };
  Housework(const SpoolContext& context, Parts parts) : context_(context), parts_(parts) {}

  bool is_due();
  // finish_large_stores() and tidy().
  void work();
  // Puts large messages in place, removes the files of ended ones, and marks the age clock if that is due.
  void tidy();
  // Syncs the content of large messages, for each of which somebody waits; then queues their records for the committer.
  void finish_large_stores();
  // Keeps in memory what `mxpress show` needs of an ended message whose records are removed.
  void remember_ended(QueueId id, const Snapshot& from);
  // True if files of ended messages could not be removed. Without the journal they would be taken for waiting mail.
  bool has_unremoved() const { return !unremoved_.empty(); }
  void mark_age();

 private:
  bool is_age_mark_due();
  Status finish_large(LargeStore& store);
  void place_large_files();
  void place(QueueId id);
  void remove_ended_files();
  Status remove_files(QueueId id);
  Status remove_if_there(const Path& path);

  const SpoolContext& context_;
  const Parts parts_;
  std::vector<QueueId> unremoved_;
};

}  // namespace mxpress::queue
