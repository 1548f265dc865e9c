// mxpress import: imports the settings of another mail program.
#pragma once

#include <boost/filesystem/path.hpp>

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// Shows the settings below --from, or on this host, with their equivalents, and writes these to conf.d/60-imported.toml beside `file`
// (nullopt: the default one) and to files with passwords, after a yes on the terminal, or with --yes. Writes nothing that the check of the
// configuration refuses, and replaces no file without --force. Exit code: ok, also if nothing was to be written; nothing_matched, there is
// nothing to import, or the answer was no; usage, several programs have settings; failed.
ExitCode run_import(const CommandLine& line, const std::optional<boost::filesystem::path>& file, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
