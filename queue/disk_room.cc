// Asks the disk for room, and remembers the answer for a moment.
#include "queue/disk_room.h"

#include "queue/spool_context.h"

namespace mxpress::queue {
namespace {

std::string in_mib(std::uint64_t octets) { return std::to_string(octets >> 20) + " MiB"; }

}  // namespace

// Who asks before a message comes gets what the last look at the disk found. Nothing is refused for what was found earlier.
Status DiskRoom::check(std::uint64_t size) {
  const auto seen = *seen_.lock();
  const auto& options = context_.options;
  const bool is_recent = seen.room && options.since_boot() - seen.at < options.room_stays_known;
  return is_recent && why_too_full(*seen.room, size).empty() ? Status() : check_now(size);
}

Status DiskRoom::check_now(std::uint64_t size) {
  const auto room = context_.disk.room(context_.paths.root);
  if (!room) return Error::transient(room.error().message);
  *seen_.lock() = {context_.options.since_boot(), *room};
  const auto why = why_too_full(*room, size);
  return why.empty() ? Status() : Status(Error::transient(why));
}

// Empty: it is not.
std::string DiskRoom::why_too_full(const Room& room, std::uint64_t size) const {
  const auto& options = context_.options;
  const auto needed = size + options.reserve_bytes;
  const auto& root = context_.paths.root;
  if (room.bytes < needed)
    return "no room in " + root.string() + ": " + in_mib(room.bytes) + " free, " + in_mib(needed + (1u << 20) - 1) + " needed";
  if (room.inodes && *room.inodes < options.reserve_inodes)
    return "no room in " + root.string() + ": " + std::to_string(*room.inodes) + " inodes free, " + std::to_string(options.reserve_inodes) +
           " needed";
  return {};
}

}  // namespace mxpress::queue
