// mxpress tls: what would be demanded of TLS with the mail hosts of a domain.
#pragma once

#include "mta/cli/command_line.h"
#include "mta/cli/commands.h"

namespace mxpress::mta {
struct Config;
}
namespace mxpress::mta::control {
struct TlsDemands;
}

namespace mxpress::mta::cli {

// Asks the DNS as a delivery does. Exit code 1: mail for the domain could be sent to no host now.
ExitCode run_tls(const CommandLine& line, const Config& config, Streams streams);

// For people.
void print_tls(std::ostream& out, const std::string& domain, const control::TlsDemands& demands);

}  // namespace mxpress::mta::cli
