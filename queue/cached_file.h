// Reads that need not wait for the disk: files as far as the system has them in memory, and small content that was read as a whole.
#pragma once

#include <memory>

#include "queue/disk.h"
#include "queue/message.h"

namespace mxpress::queue {

// Content up to this many octets is kept in memory: small enough for every delivery that may run at a time.
inline constexpr std::uint64_t kSmallContent = 16 * 1024;

// A view of the file for non-blocking reads: an error if the disk would have to be read, or if more than a small read is asked for. Do not
// write to it.
std::shared_ptr<File> only_cached(std::shared_ptr<File> file);

// Verifies the content. Small content is read into memory for that, so it need not be read again. Error: I/O (transient) or damage
// (permanent). As blocking as the file behind it.
Result<std::shared_ptr<const Content>> checked(std::shared_ptr<const Content> content);

}  // namespace mxpress::queue
