// Keeps all journal segments in this run: the files that should replace them are damaged, unread, or perhaps not synced.
#pragma once

#include <atomic>

namespace mxpress::queue {

// Any thread. Once set it stays: no segment is removed before the next start.
class SegmentHold {
 public:
  void set() { held_ = true; }
  bool is_set() const { return held_; }

 private:
  std::atomic<bool> held_ = false;
};

}  // namespace mxpress::queue
