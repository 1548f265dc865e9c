// Reads a spool's directory into an index without writing anything: message files, then the journal over them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "queue/finding.h"
#include "queue/message_store.h"
#include "queue/paths.h"

namespace mxpress::queue {

class Sites;
struct Index;
struct SegmentList;

struct Replayed {
  Replayed();
  Replayed(Replayed&&) noexcept;
  Replayed& operator=(Replayed&&) noexcept;
  ~Replayed();

  std::unique_ptr<Index> index;             // never null, but after a move
  std::unique_ptr<Sites> known_sites;       // never null, but after a move; the places of their records
  std::map<std::string, SiteRecord> sites;  // in backoff, by name
  std::vector<QueueId> finished;            // their message file still exists, and can be removed
  std::vector<QueueId> misplaced;           // their complete file is still in incoming/
  struct DamagedFile {
    QueueId id;
    Path path;
  };
  std::vector<DamagedFile> damaged;  // message files that cannot be read
  std::uint64_t unread = 0;          // message files, their folders and segments that the disk could not read, or not completely
  struct Region {
    std::string name;  // of the segment or message
    std::shared_ptr<File> file;
    std::uint64_t begin = 0, end = 0;
  };
  std::vector<Region> regions;  // damage in acknowledged data
  struct Tail {
    std::uint32_t segment = 0;  // its name
    std::uint64_t begin = 0, end = 0;
  };
  std::vector<Tail> tails;  // last batches that may not have been synced
  std::vector<Finding> findings;
  std::uint64_t records = 0;  // whole records in the journal
};

inline constexpr const char* kRecoveryGivenUp = "the spool is being closed";

// Reads only the given segments, and no message of `own_run` (0: none), which another thread may be writing. Returns a transient error once
// `given_up` is true; it is asked before each segment and folder.
Result<Replayed> replay(
    Disk& disk, const Paths& paths, const SegmentList& segments, std::uint64_t own_run,
    std::function<bool()> given_up = [] { return false; });

}  // namespace mxpress::queue
