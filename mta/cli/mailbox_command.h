// mxpress mailbox: shows the daemon's own mailbox, and delivers its messages to users.
#pragma once

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// list, cat ID, deliver [ID...]. Works without the daemon. Started by root it first becomes the spool's owner, permanently. `deliver`
// submits each message again, to the recipient in its Delivered-To, and removes it from the mailbox once it is durable in the spool.
ExitCode run_mailbox(const CommandLine& line, Config config, Streams streams);

}  // namespace mxpress::mta::cli
