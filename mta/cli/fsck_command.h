// mxpress fsck: says what is damaged in the spool, and repairs it.
#pragma once

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// While no daemon runs. Started by root it becomes the spool's owner first, for good.
ExitCode run_fsck(const CommandLine& line, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
