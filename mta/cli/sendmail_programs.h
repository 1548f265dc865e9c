// Other programs of mxpress, which perform modes of sendmail (mailq, newaliases, -q and -bv) and `mxpress send`.
#pragma once

#include <string>
#include <vector>

#include "proto/result.h"

namespace mxpress::mta::cli {

// Executes the program of mxpress with this name that was installed with this one; returns only if that fails, with the reason.
Error become_program(const std::string& name, std::vector<std::string> arguments);

}  // namespace mxpress::mta::cli
