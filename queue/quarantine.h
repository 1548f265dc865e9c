// The quarantine: damaged data is kept in corrupt/ for people and is never read again, overwritten or removed.
#pragma once

#include <cstdint>
#include <string>

#include "queue/paths.h"

namespace mxpress::queue {

class SegmentHold;
struct SpoolContext;

// Moves a file, or anything that has the name, to corrupt/NAME (NAME.2, NAME.3 ... if that is taken). Durable. Returns the new path.
Result<Path> move_to_corrupt(Disk& disk, const Paths& paths, const Path& what, const std::string& name);

// Copies these octets of a file to corrupt/NAME, with zeros for unreadable ones. Does nothing if the same octets are there already.
// Durable.
Status copy_to_corrupt(Disk& disk, const Paths& paths, const std::string& name, const File& from, std::uint64_t begin, std::uint64_t end);

// The quarantine of a spool that a daemon has.
class Quarantine {
 public:
  Quarantine(const SpoolContext& context, SegmentHold& hold) : context_(context), hold_(hold) {}

  // Copies these octets of a file to corrupt/NAME-BEGIN. If that fails no segment is removed in this run: without the copy the damaged
  // octets themselves must stay.
  void keep(const std::string& name, const File& file, std::uint64_t begin, std::uint64_t end);

 private:
  const SpoolContext& context_;
  SegmentHold& hold_;
};

}  // namespace mxpress::queue
