// The configuration file that a program is told to read.
#pragma once

#include <boost/filesystem/path.hpp>
#include <optional>

namespace mxpress::mta::config {

// That of the option --config (nullopt: not given), else that of the environment's MXPRESS_CONFIG, which a program with more rights than
// its caller does not read (secure_getenv(3)). Absolute, so that it is the same file after a change of folder. nullopt: the default one.
std::optional<boost::filesystem::path> named_file(const std::optional<boost::filesystem::path>& option);

}  // namespace mxpress::mta::config
