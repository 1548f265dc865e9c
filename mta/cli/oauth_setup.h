// mxpress setup oauth: a person lets this host sign in at a provider, once; mxpressd gets access tokens by what that leaves.
#pragma once

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// Of [credentials.NAME] with oauth, where NAME is line.name, or the only one. By device code where the provider has that (RFC 8628), else
// by a visit of a browser (RFC 8252). As root it becomes the daemon's user first, for good. Exit code: ok, the refresh token is on the
// disk; else failed.
ExitCode run_oauth_setup(const CommandLine& line, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
