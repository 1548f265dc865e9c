// A password printed by a command: [credentials.NAME] password_command, which mxpress-runner runs.
#pragma once

#include <memory>
#include <string>

#include "mta/auth/login_source.h"

namespace mxpress::mta {
struct RunnerConfig;
}

namespace mxpress::mta::auth {

// The output must be a password as in password_in(). Its lifetime is unknown.
std::unique_ptr<LoginSource> command_source(const RunnerConfig& runner, std::string name);

}  // namespace mxpress::mta::auth
