// Room on the disk for new mail, beyond the reserve for outcomes, actions and checkpoints.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "proto/time.h"
#include "queue/disk.h"
#include "queue/disk_claim.h"
#include "queue/guarded.h"

namespace mxpress::queue {

struct SpoolContext;

// Any thread. Must outlive its claims.
class DiskRoom {
 public:
  // Large content must leave room for some segments of the journal, so it is refused while small messages are still accepted.
  enum class For { small_message, large_content };
  static constexpr std::uint64_t kSegmentsForSmall = 2;

  explicit DiskRoom(const SpoolContext& context) : context_(context) {}

  // Asks the disk. Error (transient): less than the reserve would stay free once all claims are written; with path, free and needed octets.
  Result<DiskClaim> claim(std::uint64_t octets, For use);
  // Success if a message of this size could be claimed now. It may rest on a look at the disk that is room_stays_known old. An error always
  // comes from a new look.
  Status check(std::uint64_t size);
  // Room on the disk at the last look; nullopt: it was never asked.
  std::optional<Room> last_seen() { return seen_.lock()->room; }

 private:
  friend class DiskClaim;
  Status check_now(std::uint64_t octets, For use);
  std::string why_too_full(const Room& room, std::uint64_t octets, For use) const;

  struct Seen {
    Duration at{};  // since boot
    std::optional<Room> room;
  };
  const SpoolContext& context_;
  Guarded<Seen> seen_;
  std::atomic<std::uint64_t> claimed_ = 0;  // octets of all claims
};

}  // namespace mxpress::queue
