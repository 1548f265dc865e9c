// A password that a command prints: [credentials.NAME] password_command, which mxpress-runner runs.
#pragma once

#include <memory>
#include <string>

#include "mta/auth/login_source.h"

namespace mxpress::mta {
struct RunnerConfig;
}

namespace mxpress::mta::auth {

// What it prints must be a password as password_in() has it. How long that holds nobody knows.
std::unique_ptr<LoginSource> command_source(const RunnerConfig& runner, std::string name);

}  // namespace mxpress::mta::auth
