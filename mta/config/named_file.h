// The configuration file named on the command line or in the environment.
#pragma once

#include <boost/filesystem/path.hpp>
#include <optional>

namespace mxpress::mta::config {

// The file in the option --config (nullopt: not given), else in the environment's MXPRESS_CONFIG, which a program with more rights than its
// caller ignores (secure_getenv(3)). Absolute, so that it stays the same after a change of folder. nullopt: the default file.
std::optional<boost::filesystem::path> named_file(const std::optional<boost::filesystem::path>& option);

}  // namespace mxpress::mta::config
