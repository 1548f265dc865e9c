// mxpress aliases: reports problems in the aliases, and resolves names.
#pragma once

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// Reads the files as the caller, and asks the name service; no daemon is needed. For "newaliases" and "verify", which sendmail runs, the
// exit codes are those of sysexits.h.
ExitCode run_aliases(const CommandLine& line, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
