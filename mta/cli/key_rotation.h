// mxpress dkim rotate: replaces the keys of a domain that signs.
#pragma once

#include <boost/filesystem/path.hpp>
#include <string>

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// Without `next` keys in the domain's table: makes them, and prints their records. With them: prints what is missing (exit code 1); once
// they sign, they become `keys` in `file`, and it prints how long the old records are needed.
ExitCode run_rotation(const std::string& domain, const boost::filesystem::path& file, const Config& config, Streams streams);

}  // namespace mxpress::mta::cli
