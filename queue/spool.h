// The spool: the message store in a directory, with a journal and message files. docs/spool.md has the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "queue/disk.h"
#include "queue/message_store.h"
#include "queue/recovery.h"

namespace mxpress::queue {

struct SpoolOptions {
  static constexpr std::uint64_t kEndedOctets = 16u << 20;

  Path directory;
  std::uint64_t segment_size = 16u << 20;                      // octets of one journal segment
  std::uint64_t journal_size = 64u << 20;                      // beyond it the oldest segment is checkpointed
  std::uint64_t longest_states = 16u << 20;                    // octets of a message's states in its file; beyond it void ones are removed
  std::uint64_t reserve_bytes = 32u << 20;                     // free disk that only outcomes, actions and checkpoints may use...
  std::uint64_t reserve_inodes = 1000;                         // ...and inodes
  std::uint64_t memory = 512u << 20;                           // octets for waiting mail; a user may have as much as he leaves free
  std::size_t ended_kept = 10'000;                             // ended messages remembered for show, wait and the search for recipients
  std::uint64_t ended_octets = kEndedOctets;                   // of memory for ended messages whose records are removed
  Duration room_stays_known = std::chrono::milliseconds(100);  // age of a look at the disk that room_for() still uses
  std::function<WallTime()> wall;                              // wall-clock time; empty: the system's
  std::function<Duration()> since_boot;                        // a clock that never steps; empty: the system's
  std::function<std::uint64_t()> random;                       // salts; empty: the system's
  std::function<void(std::string)> report;  // damage and failures, one sentence each, for the log; any thread; must not block
  std::function<void(std::string)> note;    // harmless findings of recovery, such as a write that a crash cut off; otherwise like `report`
};

// Writes on two threads of its own: one for the journal, one for message files and checkpoints.
class Spool : public MessageStore, public Recovery {
 public:
  // Creates the directory if missing, takes its lock (flock; error names the holder), checks the format version (a newer one: error,
  // nothing written) and prepares recovery. Intake may store() from now on. The destructor ends the threads after a last commit.
  static Result<std::unique_ptr<Spool>> open(Disk& disk, SpoolOptions options);
};

}  // namespace mxpress::queue
