// mxpress notices: checks, replaces and shows the texts of notices.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// The mistake in the words after "notices"; nullopt: none.
std::optional<std::string> mistake_in_notices(const std::vector<std::string>& words);

// check FILE, use FILE, show [LANGUAGE].
ExitCode run_notices(const CommandLine& line, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
