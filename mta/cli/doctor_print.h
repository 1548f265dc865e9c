// The output of mxpress doctor.
#pragma once

#include <iosfwd>

#include "mta/doctor/finding.h"

namespace mxpress::mta::cli {

// What is wrong first, with who must act and what to paste; then what could not be told, and the rest.
void print_findings(std::ostream& out, const doctor::Findings& findings);
// One object for each, in the order of the checks.
void print_findings_json(std::ostream& out, const doctor::Findings& findings);

}  // namespace mxpress::mta::cli
