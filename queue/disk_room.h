// Room on the disk for new mail beyond what outcomes, actions and checkpoints need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/time.h"
#include "queue/disk.h"
#include "queue/guarded.h"

namespace mxpress::queue {

struct SpoolContext;

// Any thread.
class DiskRoom {
 public:
  explicit DiskRoom(const SpoolContext& context) : context_(context) {}

  // Error (transient): less than the reserve would stay free; with path, free and needed octets. Asks the disk.
  Status check_now(std::uint64_t size);
  // The same, but room may be what the disk had room_stays_known ago. An error is never older than this call.
  Status check(std::uint64_t size);
  // What the disk had when it was last asked; nullopt: never.
  std::optional<Room> last_seen() { return seen_.lock()->room; }

 private:
  std::string why_too_full(const Room& room, std::uint64_t size) const;

  struct Seen {
    Duration at{};  // since boot
    std::optional<Room> room;
  };
  const SpoolContext& context_;
  Guarded<Seen> seen_;
};

}  // namespace mxpress::queue
