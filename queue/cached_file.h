// What need not wait for the disk: files as far as the system has them in memory, and small content that was read as a whole.
#pragma once

#include <memory>

#include "queue/disk.h"
#include "queue/message.h"

namespace mxpress::queue {

// Octets of content that are kept in memory: as many deliveries as may go on at a time can have it there.
inline constexpr std::uint64_t kSmallContent = 16 * 1024;

// The file, to be read by who must not wait: an error where the disk would have to be asked, or where more is wanted than is quickly dealt
// with. It is not to be written.
std::shared_ptr<File> only_cached(std::shared_ptr<File> file);

// The content after its check: what is small was read into memory for it, and need not be read again. An error: I/O (transient) or damage
// (permanent). As blocking as the file behind it.
Result<std::shared_ptr<const Content>> checked(std::shared_ptr<const Content> content);

}  // namespace mxpress::queue
