// From how many on something counts as many.
#pragma once

#include <cstddef>

namespace mxpress::mta::delivery {

// So many jobs of a message share what is read of it.
inline constexpr std::size_t kManyJobs = 10;

// So many destinations are many: beyond it less is kept of each, and those without mail are forgotten.
inline constexpr std::size_t kManyDestinations = 10'000;

}  // namespace mxpress::mta::delivery
