// Frames on the control socket.
#pragma once

#include <cstdint>

#include "mta/system/frames.h"

namespace mxpress::mta::control {

using system::FrameReader;
using system::FrameWriter;
using system::kConnectionClosed;

inline constexpr std::uint32_t kMaxRequest = 4u << 20;    // octets
inline constexpr std::uint32_t kMaxResponse = 64u << 20;  // octets; a message with 10,000 recipients and 50 attempts fits

}  // namespace mxpress::mta::control
