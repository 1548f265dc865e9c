// The text of etc/providers.toml.
#pragma once

#include <string_view>

namespace mxpress::mta::config {

extern const std::string_view kProvidersToml;

}  // namespace mxpress::mta::config
