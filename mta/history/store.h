// The folder of the history: appends records to its last segment, and keeps age and size within limits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "proto/time.h"
#include "queue/disk.h"

namespace mxpress::mta::history {

struct Limits {
  Duration keep = std::chrono::days(30);  // 0: no history is kept
  std::uint64_t max_size = 1000u << 20;   // octets on the disk
  std::uint64_t leave_free = 0;           // octets of the disk; with less, nothing is written
};

// One thread. Nothing is synced: a loss of power may cost the last records, a crash of the daemon costs none.
class Store {
 public:
  // `disk` must outlive it. `secret` makes numbers that nobody can guess.
  Store(queue::Disk& disk, queue::Path folder, std::function<std::uint64_t()> secret)
      : disk_(disk), folder_(std::move(folder)), secret_(std::move(secret)) {}

  // Appends whole frames. After an error they are lost, and the next call tries again.
  Status append(std::string_view frames, const Limits& limits, WallTime now);
  // Removes segments that are too old, and the oldest ones while all together are too large.
  Status tidy(const Limits& limits, WallTime now);

 private:
  struct Segment {
    std::uint64_t number = 0, octets = 0;  // with its index
    WallTime started{};
  };
  Status recover();
  Status take_up(std::uint64_t number, bool is_indexed);
  Status check_room(const Limits& limits) const;
  Status begin_segment(WallTime now);
  Status complete_segment();
  Status remove(std::uint64_t number);
  std::uint64_t octets() const;
  bool is_full(std::size_t more, const Limits& limits, WallTime now) const;

  queue::Disk& disk_;
  const queue::Path folder_;
  const std::function<std::uint64_t()> secret_;
  bool is_recovered_ = false;
  std::vector<Segment> complete_;      // oldest first
  std::shared_ptr<queue::File> file_;  // of `open_`; null: there is no open segment
  Segment open_;
};

}  // namespace mxpress::mta::history
