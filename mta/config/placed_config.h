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
  std::vector<boost::filesystem::path> files;  // those that were read, in order
  std::map<std::string, std::string> places;   // by "table.key" (".hostname" for one without table): "FILE:LINE"
};

// As load_config(), which knows no places.
Result<PlacedConfig> load_placed_config(const std::optional<boost::filesystem::path>& file);

// The same with `text` in the place of what `changed` says: the file itself, or one of conf.d that need not be there yet.
Result<PlacedConfig> load_with_text(const std::optional<boost::filesystem::path>& file, const boost::filesystem::path& changed,
                                    std::string_view text);

// Whether the configuration would be right with this text in `file`; the error says what is wrong.
Status check_with_text(const boost::filesystem::path& file, std::string_view text);

}  // namespace mxpress::mta::config
