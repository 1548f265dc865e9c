// mxpress doctor: checks this host.
#pragma once

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// Exit code: nothing_matched, something is wrong; temporary, nothing is, as far as could be told; ok, nothing is wrong, and all could be
// told. With --alert the daemon tells the administrator what has changed since the last run with --alert.
ExitCode run_doctor(const CommandLine& line, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
