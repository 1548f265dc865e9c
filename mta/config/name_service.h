// Configures the resolver by [dns].
#pragma once

#include "dns/stub_resolver.h"
#include "mta/config/config.h"

namespace mxpress::mta::config {

// The configuration must be checked: each server's text parses.
dns::StubConfig stub_config(const Config& config);

}  // namespace mxpress::mta::config
