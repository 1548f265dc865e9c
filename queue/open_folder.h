// Opens the directory of a spool: format, lock, and the number of this start.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "queue/disk.h"
#include "queue/segment_file.h"

namespace mxpress::queue {

// Checks and opens the directory: format, lock, number of this start.
struct OpenedFolder {
  std::shared_ptr<File> lock;
  std::uint64_t run = 0;
  SegmentList old_segments;
  std::uint32_t next_segment = 1;
};
Result<OpenedFolder> open_folder(Disk& disk, const Paths& paths);
// Takes a shared lock for reading; an error if a daemon has the spool.
Result<std::shared_ptr<File>> lock_for_reading(Disk& disk, const Paths& paths);

// The same for a spool that may be damaged. Null if there is no file to lock. Error, permanent: there is no spool, or one of a newer
// version.
Result<std::shared_ptr<File>> lock_for_examining(Disk& disk, const Paths& paths);
// Takes an exclusive lock; creates the file if it is missing.
Result<std::shared_ptr<File>> lock_for_repair(Disk& disk, const Paths& paths);

bool format_is_right(Disk& disk, const Paths& paths);
Status write_format(Disk& disk, const Paths& paths);
// Returns those of the files `start` and `age` that exist and have wrong content.
std::vector<Path> wrong_numbers(Disk& disk, const Paths& paths);
// True if enough free numbers follow it.
bool is_segment_number_usable(std::uint32_t number);

}  // namespace mxpress::queue
