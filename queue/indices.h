// Index types of the schedule's tables.
#pragma once

#include <cstdint>

namespace mxpress::queue {

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

using JobIndex = std::uint32_t;
using DestinationIndex = std::uint32_t;
using SiteIndex = std::uint32_t;
using LineIndex = std::uint32_t;

}  // namespace mxpress::queue
