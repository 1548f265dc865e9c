// Requests mxpress-runner to run a command of the configuration.
#pragma once

#include <stop_token>
#include <string>

#include "mta/runner/protocol.h"
#include "proto/result.h"

namespace mxpress::mta {
struct RunnerConfig;
}

namespace mxpress::mta::runner {

// The output of password_command in [credentials.`name`]. The error (transient) has the action to take if that is known, both for a missing
// runner and for a failed command. Blocks for little longer than config.timeout, or until `stop` is requested.
Result<CommandOutput> ask_for_password(const RunnerConfig& config, const std::string& name, const std::stop_token& stop);

// Runs command of [alerts] with this text, of up to kMaxAlert octets, as its standard input. Errors and blocking as above.
Result<CommandOutput> tell_alert(const RunnerConfig& config, const std::string& text, const std::stop_token& stop);

}  // namespace mxpress::mta::runner
