// mxpress replies: checks, replaces and tries the rules about replies of mail hosts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// The mistake in the words after "replies"; nullopt: none.
std::optional<std::string> mistake_in_replies(const std::vector<std::string>& words);

// check FILE, use FILE, test TEXT [HOST]. `config` without rules: they are read here.
ExitCode run_replies(const CommandLine& line, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
