// mxpress dkim: makes keys, and prints the records to publish.
#pragma once

#include <boost/filesystem/path.hpp>

#include "mta/cli/command_line.h"
#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// "dkim key FILE [ed25519]": makes a key in a new file, mode 0640. "dkim records": prints the TXT records of all keys of the configuration,
// in zone-file form, each with its state from the daemon in a comment; the caller must be able to read the keys. "dkim rotate DOMAIN":
// makes new keys beside those that sign, and names them as `next` in `file`; once they sign, completes the change.
ExitCode run_dkim(const CommandLine& line, const boost::filesystem::path& file, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
