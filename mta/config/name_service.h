// Configures the resolver by [dns].
#pragma once

#include "dns/stub_resolver.h"
#include "dns/validator.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::config {

// The configuration must be checked: each server's text parses.
dns::StubConfig stub_config(const Config& config);

// keeps_anchors: changes of the root's keys are kept in the state directory, which only the daemon may write.
enum class Anchoring { keeps_anchors, keeps_nothing };
dns::ValidatorConfig validator_config(const Config& config, Anchoring anchoring);

// Whether DANE is on, and why, for people: "on: 127.0.0.1:53 is trusted for DNSSEC", "off: ...". `found`: what the daemon's Validator says.
std::string dane_state(const Config& config, const dns::Authentication& found);

// Whether MTA-STS is on, for people: "on", "off: [delivery] mta_sts = false".
std::string mta_sts_state(const Config& config);

}  // namespace mxpress::mta::config
