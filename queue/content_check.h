// Compares content with the checksum made at intake, in steps: whoever reads it can let others read in between.
#pragma once

#include <cstdint>

#include "queue/message.h"

namespace mxpress::queue {

// Of content that outlives it. Thread: one at a time.
class ContentCheck {
 public:
  static constexpr std::uint64_t kStep = 1u << 20;  // octets

  explicit ContentCheck(const Content& content) : content_(content) {}

  // All has been read, and is as it was.
  bool is_done() const { return is_done_; }
  // Reads up to kStep octets; as blocking as the file behind them. Error: I/O (transient) or damage (permanent); no step follows it.
  Status step();

 private:
  const Content& content_;
  std::uint64_t at_ = 0;
  std::uint32_t crc_ = 0;
  bool is_done_ = false;
};

}  // namespace mxpress::queue
