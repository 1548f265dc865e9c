// The folders of message files: created on demand, and synced after names in them have changed.
#pragma once

#include <set>

#include "queue/disk.h"
#include "queue/message.h"

namespace mxpress::queue {

class SegmentHold;
struct SpoolContext;

// On the housekeeper's thread.
class MessageFolders {
 public:
  MessageFolders(const SpoolContext& context, SegmentHold& hold) : context_(context), hold_(hold) {}

  // Creates the folder of this message. Durable.
  Status make(QueueId id);
  // Notes that a name in the folder was added or removed.
  void note_change(const Path& folder) { changed_.insert(folder); }
  // Makes all changes survive a loss of power. After an error no segment of the journal is removed in this run.
  Status sync();

 private:
  const SpoolContext& context_;
  SegmentHold& hold_;
  std::set<Path> made_, changed_;
};

}  // namespace mxpress::queue
