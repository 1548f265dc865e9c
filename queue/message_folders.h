// The folders of message files: made when they are needed, and synced after names in them have changed.
#pragma once

#include <set>

#include "queue/disk.h"
#include "queue/message.h"

namespace mxpress::queue {

class SegmentHold;
struct SpoolContext;

// Of the housekeeper's thread.
class MessageFolders {
 public:
  MessageFolders(const SpoolContext& context, SegmentHold& hold) : context_(context), hold_(hold) {}

  // Durable.
  Status make(QueueId id);
  // A name in it was made or removed.
  void note_change(const Path& folder) { changed_.insert(folder); }
  // All changes survive a loss of power. After an error no segment of the journal is removed in this run.
  Status sync();

 private:
  const SpoolContext& context_;
  SegmentHold& hold_;
  std::set<Path> made_, changed_;
};

}  // namespace mxpress::queue
