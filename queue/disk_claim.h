// A claim to room on the disk.
#pragma once

#include <cstdint>
#include <utility>

namespace mxpress::queue {

class DiskRoom;

// Octets that are about to be written and are not promised to anybody else. They are given back as they are written, and when the claim is
// destroyed. Thread: one at a time.
class DiskClaim {
 public:
  DiskClaim() = default;  // of nothing
  DiskClaim(DiskClaim&& other) noexcept : room_(std::exchange(other.room_, nullptr)), octets_(std::exchange(other.octets_, 0)) {}
  DiskClaim& operator=(DiskClaim other) noexcept {
    std::swap(room_, other.room_);
    std::swap(octets_, other.octets_);
    return *this;
  }
  ~DiskClaim() { written(octets_); }

  // This many octets have been written: from now on the disk itself counts them.
  void written(std::uint64_t octets);
  void add(DiskClaim&& more);
  std::uint64_t octets() const { return octets_; }

 private:
  friend class DiskRoom;
  DiskClaim(DiskRoom& room, std::uint64_t octets) : room_(&room), octets_(octets) {}

  DiskRoom* room_ = nullptr;
  std::uint64_t octets_ = 0;
};

}  // namespace mxpress::queue
