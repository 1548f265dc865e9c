// Decides which connections to the control socket get a place.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "mta/control/peer.h"

namespace mxpress::mta::control {

// Each kind of peer has places of its own, so that root and operators are always served.
struct ConnectionLimits {
  std::size_t of_root = 8;       // root and the daemon's own user
  std::size_t of_operators = 8;  // members of the group
  std::size_t of_others = 16;    // users with limited rights...
  std::size_t of_one_user = 3;   // ...and each of them
};

// A user without a connection displaces one of a user who has several, so only many users together could keep him out.
struct Placing {
  bool admitted = false;
  std::optional<std::size_t> displaced;  // index in `present` of the connection to end
};
// `present`: the peers of the open connections, oldest first.
Placing find_place(const ConnectionLimits& limits, const std::vector<ControlPeer>& present, const ControlPeer& newcomer);

}  // namespace mxpress::mta::control
