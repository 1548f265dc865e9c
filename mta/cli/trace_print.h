// Prints the way of a message, for people or as JSON.
#pragma once

#include <iosfwd>
#include <optional>

#include "mta/trace/chain.h"
#include "mta/trace/dns_check.h"

namespace mxpress::mta::cli {

void print_trace(std::ostream& out, const trace::Chain& chain, const std::optional<trace::SpfFinding>& spf);
void print_trace_as_json(std::ostream& out, const trace::Chain& chain, const std::optional<trace::SpfFinding>& spf);

}  // namespace mxpress::mta::cli
