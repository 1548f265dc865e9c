// Prints the way of a message, for people or as JSON.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "mta/trace/chain.h"
#include "mta/trace/dns_check.h"

namespace mxpress::mta::cli {

struct TraceFindings {
  trace::Chain chain;
  std::string author_domain{};  // of From; empty: there is no single readable one
  std::optional<trace::SpfFinding> spf{};
  std::optional<std::vector<trace::DkimFinding>> dkim{};  // nullopt: not verified
};

void print_trace(std::ostream& out, const TraceFindings& findings);
void print_trace_as_json(std::ostream& out, const TraceFindings& findings);

}  // namespace mxpress::mta::cli
