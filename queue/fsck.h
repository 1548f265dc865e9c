// Reports damage in a spool that no daemon has, and repairs it.
#pragma once

#include <string>
#include <vector>

#include "queue/remains.h"

namespace mxpress::queue {

struct FsckFinding {
  enum class Kind {
    note,       // unusual, or left by a crash; nothing is lost and nothing is to be done
    damage,     // damage, and its consequence
    repaired,   // a repair that was made
    unrepaired  // a repair that was not possible, and why
  };
  Kind kind = Kind::note;
  std::string text;  // one sentence for people, cleaned
};

struct FsckReport {
  std::uint64_t segments = 0, records = 0;       // of the journal; whole records
  std::uint64_t message_files = 0, waiting = 0;  // files, messages that wait
  std::uint64_t octets = 0;                      // of content that waits
  std::vector<FsckFinding> findings;
  std::vector<Remains> quarantine;  // messages in corrupt/, as far as they can be read
  std::uint64_t quarantined = 0;    // files there

  std::uint64_t count(FsckFinding::Kind kind) const;
  bool is_clean() const { return count(FsckFinding::Kind::damage) == 0 && count(FsckFinding::Kind::unrepaired) == 0; }
};

// Reads every octet, and writes nothing. Error, transient: a daemon has the spool (the message names the process), or it cannot be read;
// permanent: there is no spool, or one of a newer version.
Result<FsckReport> examine(Disk& disk, const Path& directory);

// Repairs the problems that examine() reports: damaged parts are moved or copied to corrupt/ without removing an octet; intact parts stay
// in place or return to it. Can be repeated after a loss of power. Error as above. The report lists the repairs.
Result<FsckReport> repair(Disk& disk, const Path& directory);

}  // namespace mxpress::queue
