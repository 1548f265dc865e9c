// mxpress dkim: makes keys, and prints the records to publish.
#pragma once

#include <boost/filesystem/path.hpp>

#include "mta/cli/command_line.h"
#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// "dkim key FILE [ed25519]": a new key in a new file, mode 0640. "dkim records": the TXT records of all keys of the configuration, as they
// stand in a zone file, each with what the daemon says of it in a comment; whoever asks must be able to read the keys.
// "dkim rotate DOMAIN": new keys beside those that sign, named as `next` in `file`, or, once they sign, the end of that change.
ExitCode run_dkim(const CommandLine& line, const boost::filesystem::path& file, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
