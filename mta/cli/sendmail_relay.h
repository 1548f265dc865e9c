// The mode of sendmail that the daemon performs: -bs.
#pragma once

#include "mta/cli/sendmail_outlet.h"
#include "mta/cli/sendmail_settings.h"

namespace mxpress::mta::cli {

// SMTP between stdin, stdout and the daemon, until one of them ends.
ExitStatus relay_smtp(const SendmailSettings& settings);

}  // namespace mxpress::mta::cli
