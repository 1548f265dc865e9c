// mxpress aliases: what is wrong with the aliases, and where the mail for a name goes.
#pragma once

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// Reads the files as the caller, and asks the name service; no daemon is needed. "newaliases" and "verify", which sendmail becomes, have
// exit codes of sysexits.h.
ExitCode run_aliases(const CommandLine& line, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
