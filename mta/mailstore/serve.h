// One connection to mxpress-deliver: from the request to the reply.
#pragma once

#include <sys/types.h>

#include <string>

#include "mta/mailstore/request.h"

namespace mxpress::mta::mailstore {

struct ServeRules {
  std::string peer = "mxpress";      // user who may ask, beside root
  std::string folder = "/var/mail";  // of mailboxes in mbox form
  std::string for_root = "mail";     // user who writes the mail of users that are root
  int users = -1;                    // a file that all deliveries share: each locks the octet at its user's uid; -1: none
};

// Takes one request from a connected socket and does what it says. To be called as root in a process of its own, which must answer and end
// behind it: it is another user then, for good. Blocks.
Reply serve(int socket, const ServeRules& rules);

}  // namespace mxpress::mta::mailstore
