// The beginning of a submission, at the daemon or, while it is down, in the drop folder.
#pragma once

#include <string>
#include <vector>

#include "mta/cli/sendmail_outlet.h"
#include "mta/cli/sendmail_settings.h"

namespace mxpress::mta::cli {

OpenedOutlet open_outlet(const SendmailSettings& settings);
// Sends the commands of the envelope. A daemon that disconnects before it asks for the content counts as down: `opened` is then a file in
// the drop folder.
ExitStatus begin_submission(OpenedOutlet& opened, const std::vector<std::string>& commands, const SendmailSettings& settings);

}  // namespace mxpress::mta::cli
