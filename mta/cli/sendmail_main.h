// The sendmail command: gives a message from stdin to the daemon, or leaves it in the drop folder.
#pragma once

namespace mxpress::mta::cli {

// The whole program; returns its exit code.
int sendmail_main(int count, char** arguments);

}  // namespace mxpress::mta::cli
