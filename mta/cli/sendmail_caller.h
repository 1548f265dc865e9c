// The caller of a program that hands in mail: who it is, and which outputs it has opened.
#pragma once

#include "mta/cli/sendmail_message.h"

namespace mxpress::mta::cli {

// By the user id of this process.
Caller find_caller();
// Opens /dev/null for each closed standard output. If the caller has closed one, the socket or the drop file would get its number, and
// messages for people would be written to it.
void fill_closed_outputs();

}  // namespace mxpress::mta::cli
