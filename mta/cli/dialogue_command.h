// mxpress dialogue, mxpress debug, mxpress tail: what is said to mail hosts, and what happens to mail.
#pragma once

#include "mta/cli/command_line.h"
#include "mta/cli/commands.h"
#include "mta/cli/control_client.h"

namespace mxpress::mta::cli {

ExitCode run_dialogue(const CommandLine& line, ControlClient& client, Streams streams);

// Until the attempt is over. The exit code says how: ok, temporary (deferred) or unavailable (refused); nothing_matched: there was none.
ExitCode run_debug(const CommandLine& line, ControlClient& client, Streams streams);

// Until the daemon stops, or nobody reads the output.
ExitCode run_tail(const CommandLine& line, ControlClient& client, Streams streams);

}  // namespace mxpress::mta::cli
