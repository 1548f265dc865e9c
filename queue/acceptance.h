// The state of the journal: it accepts messages, or says why not.
#pragma once

#include <atomic>
#include <string>

#include "proto/result.h"
#include "queue/guarded.h"

namespace mxpress::queue {

// Any thread. Only the committer changes it.
class Acceptance {
 public:
  bool is_given() const { return given_.load(std::memory_order_acquire); }
  // Error (transient): no message is accepted now. The text is for people and has path and reason.
  Status status() { return is_given() ? Status() : Status(Error::transient(*why_not_.lock())); }
  void refuse(std::string why) {
    *why_not_.lock() = std::move(why);
    given_.store(false, std::memory_order_release);
  }
  void resume() { given_.store(true, std::memory_order_release); }

 private:
  std::atomic<bool> given_ = true;
  Guarded<std::string> why_not_;
};

}  // namespace mxpress::queue
