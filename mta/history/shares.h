// Shares of owners in the history: one user's mail neither displaces the records of others on their way to the disk, nor older ones on it.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>

#include "proto/share_owner.h"
#include "proto/time.h"

namespace mxpress::mta::history {

// Counts octets of records by owner. Of the memory an owner may use what leaves a quarter free, or as much as he leaves free, and any
// that is free for his first record. In a day he may have an eighth of the disk. Pure.
class Shares {
 public:
  static constexpr std::size_t kPartFree = 4;     // of the memory
  static constexpr std::uint64_t kPartOfDay = 8;  // of what the disk may have
  // Further owners of a day share the counts of the unknown one.
  static constexpr std::size_t kMostOwners = 4'000;

  explicit Shares(std::size_t most_waiting) : most_waiting_(most_waiting) {}

  // True if the record has room: it is counted. `most_on_disk`: octets of all records there.
  bool take(const proto::ShareOwner& owner, std::size_t octets, std::uint64_t most_on_disk, WallTime now);
  // No record waits any more.
  void written();

 private:
  struct Use {
    std::size_t waiting = 0;
    std::uint64_t of_day = 0;
  };
  Use& use_of(const proto::ShareOwner& owner, WallTime now);

  const std::size_t most_waiting_;
  std::size_t waiting_ = 0;
  std::chrono::sys_days day_{};
  boost::unordered_flat_map<proto::ShareOwner, Use> of_owner_;
};

}  // namespace mxpress::mta::history
