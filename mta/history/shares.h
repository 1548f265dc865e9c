// Shares of owners in the history: one user's mail neither displaces the records of others on their way to the disk, nor older ones on it.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>

#include "proto/share_owner.h"
#include "proto/time.h"

namespace mxpress::mta::history {

// Counts octets of records by owner. Of the memory an owner may use what leaves a quarter free, or as much as he leaves free, and any
// that is free for his first record. Of the disk he may use an eighth, and as much in each day that passes, bit by bit. Pure.
class Shares {
 public:
  static constexpr std::size_t kPartFree = 4;     // of the memory
  static constexpr std::uint64_t kPartOfDay = 8;  // of what the disk may have
  // Further owners who have used some of their eighth share the counts of the unknown one.
  static constexpr std::size_t kMostOwners = 4'000;

  explicit Shares(std::size_t most_waiting) : most_waiting_(most_waiting) {}

  // True if the record has room: it is counted. `most_on_disk`: octets of all records there.
  bool take(const proto::ShareOwner& owner, std::size_t octets, std::uint64_t most_on_disk, WallTime now);
  // No record waits any more.
  void written();

 private:
  struct Use {
    std::size_t waiting = 0;
    std::uint64_t used = 0;  // of his part of the disk
    WallTime since{};        // what time gives back is counted until then
    void give_back(std::uint64_t part, WallTime now);
  };
  Use& use_of(const proto::ShareOwner& owner, std::uint64_t part, WallTime now);

  const std::size_t most_waiting_;
  std::size_t waiting_ = 0;
  WallTime looked_{};  // for owners who have used nothing
  boost::unordered_flat_map<proto::ShareOwner, Use> of_owner_;
};

}  // namespace mxpress::mta::history
