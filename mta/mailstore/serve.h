// One connection to mxpress-deliver: from the request to the reply.
#pragma once

#include <sys/types.h>

#include <ctime>

#include <string>

#include "mta/mailstore/request.h"

namespace mxpress::mta::mailstore {

struct ServeRules {
  std::string peer = "mxpress";      // user who may connect, beside root
  std::string folder = "/var/mail";  // of mailboxes in mbox form
  std::string for_root = "mail";     // user who writes the mail of users with uid 0
  int users = -1;                    // a file shared by all deliveries: each locks the octet at its user's uid; -1: none
};

// The time limit, in seconds, for reading the ~/.forward of a user to whom another one's leads; after it he gets a try of his own. Without
// it he could occupy a place for each message to the other user for the whole time of a delivery, and never back off.
inline constexpr time_t kLongestReading = 5;

// Sends SIGKILL to this process by the kernel's own timer: it ends a process that waits for a dead file server, or was stopped by its user
// (SIGSTOP). No other process needs the right to end it. The first of several counts. False: errno has the reason.
bool set_watchdog(time_t seconds);

// Takes one request from a connected socket and performs it. Call it as root in a process of its own, which must reply and end afterwards:
// it has become another user permanently. Blocks.
Reply serve(int socket, const ServeRules& rules);

}  // namespace mxpress::mta::mailstore
