// The modes of sendmail that other programs perform: -bs the daemon; mailq, newaliases, -q and -bv mxpress.
#pragma once

#include <string>
#include <vector>

#include "mta/cli/sendmail_outlet.h"
#include "mta/cli/sendmail_settings.h"

namespace mxpress::mta::cli {

// SMTP between stdin, stdout and the daemon, until one of them ends.
ExitStatus relay_smtp(const SendmailSettings& settings);
// Executes the mxpress program that was installed with this one; returns only if that fails.
ExitStatus become_mxpress(const SendmailSettings& settings, std::vector<std::string> arguments);

}  // namespace mxpress::mta::cli
