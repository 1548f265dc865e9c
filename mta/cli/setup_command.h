// mxpress setup: from a host without signatures to one whose mail is signed, and whose DNS records are right.
#pragma once

#include <boost/filesystem/path.hpp>

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// Makes keys where the domain has none, names them in `file`, and prints the records that mail of this host needs beside what the DNS has.
// Asks on standard input, which has to be a terminal, but for --yes. Exit code: ok, all records are right; nothing_matched, some are not;
// unreachable, the DNS could not be asked for some, and the others are right.
ExitCode run_setup(const CommandLine& line, const boost::filesystem::path& file, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
