// What is damaged is kept in corrupt/ for people: never read again, never written over, never removed.
#pragma once

#include <cstdint>
#include <string>

#include "queue/paths.h"

namespace mxpress::queue {

class SegmentHold;
struct SpoolContext;

// Moves a file, or whatever has the name, to corrupt/NAME (NAME.2, NAME.3 ... if that is taken). Durable. Returns the place.
Result<Path> move_to_corrupt(Disk& disk, const Paths& paths, const Path& what, const std::string& name);

// Copies these octets of a file to corrupt/NAME; what the disk cannot read becomes zeros. Does nothing if the same are there already.
// Durable.
Status copy_to_corrupt(Disk& disk, const Paths& paths, const std::string& name, const File& from, std::uint64_t begin, std::uint64_t end);

// The same while a daemon has the spool.
class Quarantine {
 public:
  Quarantine(const SpoolContext& context, SegmentHold& hold) : context_(context), hold_(hold) {}

  // Copies these octets of a file to corrupt/NAME-BEGIN. Where that fails no segment is removed in this run: without the copy the damaged
  // octets themselves must stay.
  void keep(const std::string& name, const File& file, std::uint64_t begin, std::uint64_t end);

 private:
  const SpoolContext& context_;
  SegmentHold& hold_;
};

}  // namespace mxpress::queue
