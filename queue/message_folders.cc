// Creates and syncs the folders of message files.
#include "queue/message_folders.h"

#include "queue/segment_hold.h"
#include "queue/spool_context.h"

namespace mxpress::queue {

Status MessageFolders::make(QueueId id) {
  const auto folder = context_.paths.folder(id);
  if (made_.contains(folder)) return {};
  if (auto s = context_.disk.make_folder(folder); !s) return s;
  if (auto s = context_.disk.sync_folder(context_.paths.messages()); !s) return s;
  made_.insert(folder);
  return {};
}

Status MessageFolders::sync() {
  for (const auto& folder : changed_) {
    auto status = context_.disk.sync_folder(folder);
    if (status) continue;
    hold_.set();  // a second sync could succeed without having written data that the first one lost
    return status;
  }
  changed_.clear();
  return {};
}

}  // namespace mxpress::queue
