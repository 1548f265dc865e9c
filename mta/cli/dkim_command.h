// mxpress dkim: makes keys, and prints the records to publish.
#pragma once

#include "mta/cli/command_line.h"
#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// "dkim key FILE [ed25519]": a new key in a new file, mode 0640. "dkim records": the TXT records of all keys of the configuration, as they
// stand in a zone file; whoever asks must be able to read the keys.
ExitCode run_dkim(const CommandLine& line, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
