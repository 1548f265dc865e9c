// Checks that the mail hosts of the local domains are this host: mail to a local domain never leaves it, even if the DNS names others.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "mta/config/config.h"

namespace mxpress::mta::control {

// A warning for each local domain whose mail goes to other hosts, by MX or, without one, by its address. This host is recognised by its
// hostname and the addresses of that, and by `own`, the addresses of its interfaces. A domain whose lookup failed gets a note.
Task<std::vector<std::string>> check_local_domains(const Config& config, dns::Resolver& resolver, const std::set<dns::Address>& own);

// The same with the configured resolver and the system's interfaces. Takes 15 s at most.
std::vector<std::string> check_local_domains(const Config& config);

}  // namespace mxpress::mta::control
