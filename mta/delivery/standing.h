// A site's record of answers, which decides how many of its worker's places it may compete for.
#pragma once

#include <cstdint>

namespace mxpress::mta::delivery {

enum class Standing : std::uint8_t {
  failing,   // no host of it could be reached lately
  slow,      // its last delivery took long
  unproven,  // nothing is known
  proven     // it has answered a transaction in good time
};

}  // namespace mxpress::mta::delivery
