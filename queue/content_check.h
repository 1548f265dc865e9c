// Compares content with the checksum made at intake, in steps, so that its caller can let others read between them.
#pragma once

#include <cstdint>

#include "queue/message.h"

namespace mxpress::queue {

// The content must outlive it. One thread at a time.
class ContentCheck {
 public:
  static constexpr std::uint64_t kStep = 1u << 20;  // octets

  explicit ContentCheck(const Content& content) : content_(content) {}

  // True if all content was read and matches its checksum.
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
