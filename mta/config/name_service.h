// Configures the resolver by [dns].
#pragma once

#include "dns/stub_resolver.h"
#include "mta/config/config.h"

namespace mxpress::mta::config {

// The configuration must be checked: each server's text parses.
dns::StubConfig stub_config(const Config& config);

// Whether DANE is on, and why, for people: "on: 127.0.0.1:53 is trusted for DNSSEC", "off: ...". Whether that name server validates is
// another question. Reads resolv_conf where no servers are configured.
std::string dane_state(const Config& config);

}  // namespace mxpress::mta::config
