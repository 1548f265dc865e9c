// The failures of a site, or of a lookup, that are remembered across restarts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/outcome.h"

namespace mxpress::queue {

// Stored so that a restart never multiplies probes.
struct SiteRecord {
  std::string site;            // the key of a site, or of the lookup of a destination
  std::uint32_t failures = 0;  // 0: healthy again, the record is forgotten
  WallTime next_probe{};
  std::optional<proto::HostResult> last;
};

}  // namespace mxpress::queue
