// A configuration, and the place where each of its keys was set.
#pragma once

#include <boost/filesystem/path.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/config/config.h"
#include "proto/result.h"

namespace mxpress::mta::config {

struct PlacedConfig {
  Config config;
  std::vector<boost::filesystem::path> files;  // that were read, in order
  std::map<std::string, std::string> places;   // by "table.key" (".hostname" for one without table): "FILE:LINE"
};

// Like load_config(), plus places.
Result<PlacedConfig> load_placed_config(const std::optional<boost::filesystem::path>& file);

// The same with `text` instead of the content of `changed`: the file itself, or one of conf.d, which need not exist yet.
Result<PlacedConfig> load_with_text(const std::optional<boost::filesystem::path>& file, const boost::filesystem::path& changed,
                                    std::string_view text);

// Checks the configuration with this text in `file`; the error describes the problem.
Status check_with_text(const boost::filesystem::path& file, std::string_view text);

}  // namespace mxpress::mta::config
