// mxpress check: would mail for an address be accepted?
#pragma once

#include "mta/cli/command_line.h"
#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// Asks name servers and mail hosts as a delivery does, up to RCPT, and prints what happens meanwhile; with --json one object at the end.
ExitCode run_check(const CommandLine& line, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
