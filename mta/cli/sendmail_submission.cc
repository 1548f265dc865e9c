// Chooses between the daemon and the drop folder.
#include "mta/cli/sendmail_submission.h"

#include <utility>

namespace mxpress::mta::cli {

OpenedOutlet open_outlet(const SendmailSettings& settings) {
  OpenedOutlet daemon = open_daemon(settings.submission_socket);
  return daemon.is_down ? open_drop(settings.drop_directory()) : std::move(daemon);
}

ExitStatus begin_submission(OpenedOutlet& opened, const std::vector<std::string>& commands, const SendmailSettings& settings) {
  if (!opened.outlet) return opened.status;
  ExitStatus begun = opened.outlet->begin(commands);
  if (!begun.is_down) return begun;
  opened = open_drop(settings.drop_directory());
  return opened.outlet ? opened.outlet->begin(commands) : opened.status;
}

}  // namespace mxpress::mta::cli
