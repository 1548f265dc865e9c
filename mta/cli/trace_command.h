// mxpress trace: the way of a message by its Received fields.
#pragma once

#include "mta/cli/command_line.h"
#include "mta/cli/commands.h"

namespace mxpress::mta::cli {

// Needs no daemon; the configuration only for --dns. Exit code nothing_matched: the message has no trace, or one that cannot be believed.
ExitCode run_trace(const CommandLine& line, Streams streams);

}  // namespace mxpress::mta::cli
