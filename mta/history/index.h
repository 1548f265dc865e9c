// The index of a complete segment: a sorted file of hashes with the offsets of their records.
#pragma once

#include <cstdint>
#include <vector>

#include "queue/disk.h"

namespace mxpress::mta::history {

// Writes the index of the segment; takes at most some 256 KiB of memory. The index appears under its name once it is complete.
Status build_index(queue::Disk& disk, const queue::Path& folder, std::uint64_t number);

// Offsets of the records with this hash (hash_for()), the latest first, `most` at most.
Result<std::vector<std::uint64_t>> look_up(const queue::File& index, std::uint64_t hash, std::size_t most);

}  // namespace mxpress::mta::history
