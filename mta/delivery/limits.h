// The numbers from which on jobs or destinations count as many.
#pragma once

#include <cstddef>

namespace mxpress::mta::delivery {

// A message with this many jobs is read once for all of them.
inline constexpr std::size_t kManyJobs = 10;

// Beyond this many destinations less is kept for each, and those without mail are forgotten.
inline constexpr std::size_t kManyDestinations = 10'000;

}  // namespace mxpress::mta::delivery
