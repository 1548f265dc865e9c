// The peer of a connection to the control socket, and its rights.
#pragma once

#include <sys/types.h>

namespace mxpress::mta::control {

// The peer's identity from the kernel.
struct ControlPeer {
  uid_t uid = 0;
  bool may_do_everything = false;  // root, the daemon's own user, members of the group mxpress; others: only their own mail
  bool is_root = false;            // or the daemon's own user
};

}  // namespace mxpress::mta::control
