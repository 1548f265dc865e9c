// One connection to mxpress-deliver: from the request to the reply.
#pragma once

#include <sys/types.h>

#include <ctime>

#include <string>

#include "mta/mailstore/request.h"

namespace mxpress::mta::mailstore {

struct ServeRules {
  std::string peer = "mxpress";      // user who may ask, beside root
  std::string folder = "/var/mail";  // of mailboxes in mbox form
  std::string for_root = "mail";     // user who writes the mail of users that are root
  int users = -1;                    // a file that all deliveries share: each locks the octet at its user's uid; -1: none
};

// How long the ~/.forward of a user to whom another one's leads may take to be read, in seconds: then he has a try of his own. Without it
// he could hold a place for each letter to the other one as long as a delivery may take, and never back off.
inline constexpr time_t kLongestReading = 5;

// SIGKILL for this process by the kernel's own timer: it ends one that waits for a dead file server, and one that its user has stopped
// (SIGSTOP). No other process needs the right to end it. The first of several counts. False: errno says why.
bool set_watchdog(time_t seconds);

// Takes one request from a connected socket and does what it says. To be called as root in a process of its own, which must answer and end
// behind it: it is another user then, for good. Blocks.
Reply serve(int socket, const ServeRules& rules);

}  // namespace mxpress::mta::mailstore
