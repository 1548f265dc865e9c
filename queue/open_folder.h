// Opens the directory of a spool: format, lock, and the number of this start.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "queue/disk.h"
#include "queue/message_file.h"

namespace mxpress::queue {

// Checks and opens the directory: format, lock, number of this start.
struct OpenedFolder {
  std::shared_ptr<File> lock;
  std::uint64_t run = 0;
  std::vector<std::uint32_t> old_segments;
};
Result<OpenedFolder> open_folder(Disk& disk, const Paths& paths);
// For reading only: a shared lock; an error if a daemon has the spool.
Result<std::shared_ptr<File>> lock_for_reading(Disk& disk, const Paths& paths);

}  // namespace mxpress::queue
