// Which connections to the control socket there is a place for.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "mta/control/peer.h"

namespace mxpress::mta::control {

// Each kind of peer has places of its own: whatever the others do, root and operators are served.
struct ConnectionLimits {
  std::size_t of_root = 8;       // root and the daemon's own user
  std::size_t of_operators = 8;  // members of the group
  std::size_t of_others = 16;    // users who may not do everything...
  std::size_t of_one_user = 3;   // ...and each of them
};

// A newcomer who has no connection takes the place of one of a user who has several: many users are needed to keep one out.
struct Placing {
  bool admitted = false;
  std::optional<std::size_t> displaced;  // of `present`: this one has to go
};
// `present`: the peers of the open connections, oldest first.
Placing find_place(const ConnectionLimits& limits, const std::vector<ControlPeer>& present, const ControlPeer& newcomer);

}  // namespace mxpress::mta::control
