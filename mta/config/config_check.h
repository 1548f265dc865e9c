// What several keys of the configuration say together.
#pragma once

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::config {

class ConfigReader;

// Complains to the reader about keys that contradict each other, or lack each other. After the whole file has been read.
void check_whole(const Config& config, ConfigReader& reader);

}  // namespace mxpress::mta::config
