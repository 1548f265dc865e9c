// Constants and types for both sides of the runner's socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace mxpress::mta::runner {

inline constexpr std::uint32_t kVersion = 1;              // of proto/runner.proto; the other side must have the same
inline constexpr std::uint32_t kMaxRequest = 4096;        // octets
inline constexpr std::uint32_t kMaxAlert = 3000;          // octets of the text of an alert
inline constexpr std::uint32_t kMaxResponse = 128 << 10;  // octets

inline constexpr std::size_t kMostAsked = 32;   // commands for mail that mxpressd asks for at a time
inline constexpr std::size_t kMostAtOnce = 40;  // connections: a reply comes a moment before its connection has ended

struct CommandOutput {
  std::string text;    // of standard output
  std::string errors;  // the end of standard error
};

}  // namespace mxpress::mta::runner
