// Keeps the journal whole in this run: what is only there is damaged, was not read, or nobody knows whether it was synced elsewhere.
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
