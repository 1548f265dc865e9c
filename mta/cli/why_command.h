// mxpress why: why a message is where it is, even one that ended long ago.
#pragma once

#include <iosfwd>

#include "mta/cli/commands.h"

namespace mxpress::control_pb {
class WhyInfo;
}

namespace mxpress::mta::cli {

// Five lines, a text to send if there is one, and the history; or one line if it is brief.
void print_why(std::ostream& out, const control_pb::WhyInfo& info);

// Asks the daemon. 0: found; 1: nothing is known.
ExitCode run_why(const CommandLine& line, ControlClient& client, Streams streams);

}  // namespace mxpress::mta::cli
