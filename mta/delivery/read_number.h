// Reads that are kept for other jobs are numbered, and a job has room for one octet of the number of the last that came before its own
// news.
#pragma once

#include <cstdint>

namespace mxpress::mta::delivery {

using ReadNumber = std::uint32_t;
// Its last octet: what a job notes when it arrives or has an outcome.
using SeenRead = std::uint8_t;

// Whether the read came after the one that was seen, where `latest` reads were made so far. Never true of an older one; of a newer one it
// may be false, when that was long ago: then the job reads for itself.
inline bool is_after(ReadNumber read, SeenRead seen, ReadNumber latest) {
  constexpr ReadNumber kToldApart = 128;
  return latest - read < kToldApart && static_cast<std::int8_t>(static_cast<SeenRead>(read) - seen) > 0;
}

}  // namespace mxpress::mta::delivery
