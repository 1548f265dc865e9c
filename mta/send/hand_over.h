// Hands a message to the daemon, in the way of sendmail.
#pragma once

#include <string>

#include "mta/cli/sendmail_outlet.h"
#include "mta/send/progress.h"

namespace mxpress::mta::cli {
struct SendmailSettings;
}

namespace mxpress::mta::send {

struct Draft;

struct Handed {
  cli::ExitStatus status;  // ok: the message is durable
  std::string place;       // "queued as ...", for people
  std::string queue_id;    // empty: mxpressd will give one when it runs
};

// Refuses what is larger than the daemon takes before a file is read. After an error nothing is queued, except that a daemon that went away
// at the very end may have the message, as the words of the status then say.
Handed hand_over(Draft draft, const cli::SendmailSettings& settings, const Progress::Draw& draw);

}  // namespace mxpress::mta::send
