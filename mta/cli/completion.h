// Completion of the mxpress command in bash, zsh and fish.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::mta::cli {

// A script for "bash", "zsh" or "fish", made of mta/cli/command_table.h; empty for any other shell.
std::string completion_for(std::string_view shell);

}  // namespace mxpress::mta::cli
