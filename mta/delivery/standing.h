// A site's record of answers, which decides how many of its worker's places it may compete for.
#pragma once

#include <cstdint>

namespace mxpress::mta::delivery {

enum class Standing : std::uint8_t {
  failing,   // no host of it could be reached lately
  unproven,  // nothing is known, or it was slow
  proven     // it has answered a transaction in good time
};

}  // namespace mxpress::mta::delivery
