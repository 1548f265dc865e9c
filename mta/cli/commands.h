// The commands of mxpress: sends requests, and prints the answers.
#pragma once

#include <iosfwd>

#include "mta/cli/command_line.h"
#include "mta/cli/control_client.h"

namespace mxpress::mta::cli {

struct Streams {
  std::ostream& out;
  std::ostream& error;
};

// Every command that needs the queue.
ExitCode run_command(const CommandLine& line, ControlClient& client, Streams streams);

// The whole program: parses, reads the configuration, finds the daemon (or the spool), runs.
ExitCode run_mxpress(const std::vector<std::string>& arguments, Streams streams);

}  // namespace mxpress::mta::cli
