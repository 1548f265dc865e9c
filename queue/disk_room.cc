// Asks the disk for room, remembers the answer for a moment, and counts what is about to be written.
#include "queue/disk_room.h"

#include "queue/message_store.h"
#include "queue/spool_context.h"

namespace mxpress::queue {
namespace {

std::string in_mib(std::uint64_t octets) { return std::to_string(octets >> 20) + " MiB"; }

DiskRoom::For use_of(std::uint64_t size) { return size > kInlineContent ? DiskRoom::For::large_content : DiskRoom::For::small_message; }

}  // namespace

void DiskClaim::written(std::uint64_t octets) {
  if (room_) room_->claimed_ -= octets;
  octets_ -= octets;
}

void DiskClaim::add(DiskClaim&& more) {
  if (!room_) room_ = more.room_;
  octets_ += std::exchange(more.octets_, 0);
}

// Counts the claim before it asks the disk, so that two concurrent claims always see each other.
Result<DiskClaim> DiskRoom::claim(std::uint64_t octets, For use) {
  claimed_ += octets;
  DiskClaim claim(*this, octets);
  if (auto s = check_now(0, use); !s) return s.error();
  return claim;
}

// Answers from the last look at the disk if there is room. A refusal always comes from a new look.
Status DiskRoom::check(std::uint64_t size) {
  const auto seen = *seen_.lock();
  const auto& options = context_.options;
  const bool is_recent = seen.room && options.since_boot() - seen.at < options.room_stays_known;
  const auto use = use_of(size);
  if (is_recent && why_too_full(*seen.room, claimed_ + size, use).empty()) return {};
  return check_now(size, use);
}

Status DiskRoom::check_now(std::uint64_t octets, For use) {
  const auto claimed = claimed_.load();  // read first: octets written meanwhile count twice rather than not at all
  const auto room = context_.disk.room(context_.paths.root);
  if (!room) return Error::transient(room.error().message);
  *seen_.lock() = {context_.options.since_boot(), *room};
  const auto why = why_too_full(*room, claimed + octets, use);
  return why.empty() ? Status() : Status(Error::transient(why));
}

// Returns an empty text if it is not too full.
std::string DiskRoom::why_too_full(const Room& room, std::uint64_t octets, For use) const {
  const auto& options = context_.options;
  const auto for_small = use == For::large_content ? kSegmentsForSmall * options.segment_size : 0;
  const auto needed = octets + options.reserve_bytes + for_small;
  const auto& root = context_.paths.root;
  if (room.bytes < needed)
    return "no room in " + root.string() + ": " + in_mib(room.bytes) + " free, " + in_mib(needed + (1u << 20) - 1) + " needed";
  if (room.inodes && *room.inodes < options.reserve_inodes)
    return "no room in " + root.string() + ": " + std::to_string(*room.inodes) + " inodes free, " + std::to_string(options.reserve_inodes) +
           " needed";
  return {};
}

}  // namespace mxpress::queue
