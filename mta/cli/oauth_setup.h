// mxpress setup oauth: a person authorizes this host at a provider, once; mxpressd gets access tokens by the refresh token stored here.
#pragma once

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// For [credentials.NAME] with oauth, where NAME is line.name, or the only one. By device code if the provider supports it (RFC 8628), else
// by the redirect of a browser (RFC 8252). As root it first becomes the daemon's user, permanently. Exit code: ok, the refresh token is on
// the disk; else failed.
ExitCode run_oauth_setup(const CommandLine& line, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
