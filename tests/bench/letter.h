// The messages of a run: each has a number in its Message-ID, the time when it was begun, and the length of its body.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/load.h"

namespace mxpress::bench {

class Letters {
 public:
  // `domains` as in the usage: "d:10,hang:2".
  Letters(std::size_t size, std::string_view domains, std::string_view line_end);
  [[nodiscard]] std::string content(std::size_t number, Nanoseconds begun) const;
  // Recipient `index` of message `number`.
  [[nodiscard]] std::string recipient(std::size_t number, std::size_t index) const;

 private:
  std::vector<std::string> domains_;
  std::string line_end_, body_;
  std::size_t length_;  // of the body on the wire
};

inline constexpr char kSender[] = "bench@sender.example";

}  // namespace mxpress::bench
