// mxpress mailbox: what lies in the daemon's own mailbox, and its way to the users whom it is for.
#pragma once

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// list, cat ID, deliver [ID...]. Works without the daemon. Started by root it becomes the spool's owner first, for good. `deliver` hands
// each message in again, to the recipient that its Delivered-To names, as sendmail does; it goes from the mailbox once it is durable there.
ExitCode run_mailbox(const CommandLine& line, Config config, Streams streams);

}  // namespace mxpress::mta::cli
