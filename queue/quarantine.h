// What is damaged is kept in corrupt/ for people: never read again, never written over, never removed.
#pragma once

#include <cstdint>
#include <string>

#include "queue/message_file.h"

namespace mxpress::queue {

// Moves a file, or whatever has the name, to corrupt/NAME (NAME.2, NAME.3 ... if that is taken). Durable. Returns the place.
Result<Path> move_to_corrupt(Disk& disk, const Paths& paths, const Path& what, const std::string& name);

// Copies these octets of a file to corrupt/NAME; what the disk cannot read becomes zeros. Does nothing if the same are there already.
// Durable.
Status copy_to_corrupt(Disk& disk, const Paths& paths, const std::string& name, const File& from, std::uint64_t begin, std::uint64_t end);

}  // namespace mxpress::queue
