// mxpress fsck: reports damage in the spool, and repairs it.
#pragma once

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// Only while no daemon runs. Started by root it first becomes the spool's owner, permanently.
ExitCode run_fsck(const CommandLine& line, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
