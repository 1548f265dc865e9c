// An owner's mail at a site.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mta/fairness/owner.h"
#include "queue/indices.h"

namespace mxpress::mta::delivery {

// The number of owners with mail at a site, or for a destination, that are looked at in one pass.
inline constexpr std::size_t kFewOwners = 64;

// Key of tables.
struct SiteOwner {
  queue::SiteIndex site;
  fairness::Owner owner;
  bool operator==(const SiteOwner&) const = default;
  friend std::size_t hash_value(const SiteOwner& key) {  // for boost::hash
    return hash_value(key.owner) + key.site * std::size_t{0x9E3779B97F4A7C15u};
  }
};

}  // namespace mxpress::mta::delivery
