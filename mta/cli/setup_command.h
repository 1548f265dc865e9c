// mxpress setup: makes signing keys for a host, and checks its DNS records.
#pragma once

#include <boost/filesystem/path.hpp>

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// Makes keys if the domain has none, names them in `file`, and prints the records that mail of this host needs beside those in the DNS.
// Asks on standard input, which must be a terminal, except with --yes. Exit code: ok, all records are right; nothing_matched, some are not;
// unreachable, the DNS could not be asked for some, and the others are right.
ExitCode run_setup(const CommandLine& line, const boost::filesystem::path& file, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
