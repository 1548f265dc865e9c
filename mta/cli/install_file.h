// Puts a checked file of the administrator beside the configuration.
#pragma once

#include <boost/filesystem/path.hpp>
#include <string>
#include <string_view>

#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

// Replaces `target` whole or not at all, and has the daemon read it, if one runs.
ExitCode install_file(const Config& config, const boost::filesystem::path& target, std::string_view text, Streams streams);

}  // namespace mxpress::mta::cli
