// Frames on the control socket: 4 octets of length, most significant first, then the message. Blocking, with deadlines.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::mta::host {

inline constexpr std::uint32_t kMaxRequest = 4u << 20;    // octets
inline constexpr std::uint32_t kMaxResponse = 64u << 20;  // octets; a message with 10,000 recipients and 50 attempts fits

// One frame. The whole of it must come within `patience`; errors are transient. An orderly end before the first octet is the error
// kConnectionClosed.
inline constexpr std::string_view kConnectionClosed = "connection closed";
Result<std::string> read_frame(int socket, std::uint32_t limit, std::chrono::milliseconds patience);
// The peer must take something every `patience`.
Status write_frame(int socket, std::string_view body, std::chrono::milliseconds patience);

}  // namespace mxpress::mta::host
