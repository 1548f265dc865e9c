// Checks that involve several keys of the configuration.
#pragma once

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::config {

class ConfigReader;

// Reports keys that contradict each other, or need each other. Call it after the whole configuration has been read.
void check_whole(const Config& config, ConfigReader& reader);

}  // namespace mxpress::mta::config
